<?php
// Calls all five operations with PHP's own SoapClient and prints what came back as JSON.
// usage: php calls.php WSDL ACCOUNT PASSWORD

ini_set('default_socket_timeout', '20');
[, $wsdl, $account, $password] = $argv;

$client = new SoapClient($wsdl, ['cache_wsdl' => WSDL_CACHE_NONE, 'exceptions' => true, 'trace' => true]);
$results = ['functions' => $client->__getFunctions()];

$fax = $client->RequestReceived($account, $password);
$fax['FaxImage'] = hash('sha256', $fax['FaxImage']);
$results['RequestReceived'] = $fax;
$results['DeleteReceived'] = $client->DeleteReceived($account, $password, $fax['FaxId']);
$results['again'] = $client->DeleteReceived($account, $password, $fax['FaxId']);

$document = str_repeat("%PDF-1.4 /Type /Page ", 3);
$job = $client->SendJob(
    $account, $password, 0, '+4940123456[Ref ü]', '', 'Guten Tag',
    'brief.pdf', $document, '', '', '', '', gmdate('Y-m-d\TH:i:s\Z'), 'FAXRETRY=1'
);
$results['SendJob'] = $job;
$results['request'] = $client->__getLastRequest();
$results['JobStatus'] = $client->JobStatus($account, $password, (string) $job['JobId']);
$results['CancelJob'] = $client->CancelJob($account, $password, (string) $job['JobId']);

echo json_encode($results, JSON_THROW_ON_ERROR);
