// Package botocore judges what goes to and comes from AWS, simulated or not, by the models of AWS's APIs that AWS publishes in its Python SDK
// (PyPI's botocore, service-2.json). It knows no operation and no simulator: whatever the models know, it judges, in the protocols
// query, ec2, rest-xml and json.
//
// Of a request it wants a known operation, known parameters only, those that are required, and each of its type, enumeration, length, range
// and pattern; of a reply the same, its protocol's wrapping, and, if it is an error, a code that the operation declares.
//
// The models leave out much: EC2 declares no errors, hardly any string of ELB has a length, and no model knows which settings go
// together. It imports the standard library only.
package botocore
