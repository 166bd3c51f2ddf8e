// Package aws is how AWS is reached, by providers/aws/lb for load balancers and providers/aws/dns for names: credentials and the account that
// they are of, the middleware by which all calls keep to the budgets of providers/ratelimit with AWS's own allowances, and the meaning of
// AWS's error codes. iam-policy.json allows the calls that the two make.
//
// It may import providers, providers/ratelimit and the AWS SDK. It may not import Kubernetes, api, controllers, edgeproxy or another adapter.
package aws
