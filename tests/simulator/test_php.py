"""PHP's SoapClient, a third reading of WSDL and SOAP: the provider's own examples are in PHP."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from faxd.simulator import Simulator, SyntheticImage

from .soapcall import ACCOUNT, PASSWORD

SCRIPT = Path(__file__).with_name("calls.php")


def missing() -> str:
    """What is missing to run PHP's SoapClient; "" when nothing is."""
    php = shutil.which("php")
    if php is None:
        return "php is not installed (package php-cli)"
    modules = subprocess.run([php, "-m"], capture_output=True, text=True, check=False).stdout
    return "" if "soap" in modules.split() else "php has no soap extension (package php-soap)"


def test_all_five_calls(server: Simulator) -> None:
    if reason := missing():
        print(f"not run: {reason}")
        pytest.skip(reason)
    server.job_seconds = 0
    image = SyntheticImage(20_000, 2)
    fax_id = server.add_fax(ACCOUNT, image, originator="+49401234567", remote_id="STATION <&>")
    done = subprocess.run(
        ["php", str(SCRIPT), server.wsdl_url, ACCOUNT, PASSWORD],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    results = json.loads(done.stdout)
    assert len(results["functions"]) == 5
    fax = results["RequestReceived"]
    assert fax["return"] == 0
    assert int(fax["FaxId"]) == fax_id
    assert fax["Pages"] == 2
    assert fax["RemoteId"] == "STATION <&>"
    assert fax["FaxImage"] == image.sha256()
    assert (results["DeleteReceived"], results["again"]) == (0, 5)
    job = results["SendJob"]
    assert (job["return"], job["RecipientsCount"], job["PageCount"]) == (0, 1, 4)
    assert 'xsi:type="xsd:string"' in results["request"]
    status = results["JobStatus"]
    assert (status["return"], status["SendResult"]) == (0, "OK")
    assert '"Ref ü"' in status["StatusFile"]
    assert results["CancelJob"] == 1
    (kept,) = server.jobs(ACCOUNT)
    content = b"%PDF-1.4 /Type /Page " * 3
    assert kept.order.documents[0].sha256 == hashlib.sha256(content).hexdigest()
    assert kept.order.scheduled is not None
    assert not any(entry.fault for entry in server.calls)
