package awscloud

// Classify is faultOf, for tests without a client.
var Classify = faultOf
