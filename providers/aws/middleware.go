package aws

import (
	"cmp"
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/edgegateway/edgegateway/providers"
	"github.com/edgegateway/edgegateway/providers/ratelimit"
)

// budgeted returns a configuration whose clients keep to the budgets of an account. It knows each call by its service, region and operation,
// which the SDK has told at its first step; retries are off, so that a step is a call. Without Budgets nothing is kept to.
func (a Access) budgeted(loaded aws.Config, account string) aws.Config {
	if a.Budgets == nil {
		return loaded
	}
	kept := loaded.Copy()
	kept.APIOptions = append(kept.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(budgetMiddleware{a.Budgets, account}, middleware.After)
	})
	return kept
}

// budgetMiddleware keeps the calls of an account to budgets.
type budgetMiddleware struct {
	budgets *ratelimit.Budgets
	account string
}

// ID implements middleware.InitializeMiddleware.
func (budgetMiddleware) ID() string { return "EdgeGatewayBudget" }

// HandleInitialize implements middleware.InitializeMiddleware.
func (m budgetMiddleware) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	service = cmp.Or(prefixes[service], service)
	call := ratelimit.Call{Account: m.account, Region: awsmiddleware.GetRegion(ctx), Service: service, Operation: operation}
	turn, err := m.budgets.Begin(ctx, call, allowancesOf(service, operation)...)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	code := codeOf(err)
	m.budgets.End(turn, code, common[code].Class == providers.Throttled)
	return out, metadata, err
}

// codeOf returns the code of an error as calls are counted by: AWS's, "NoAnswer" if there was none, "" if all went well.
func codeOf(err error) string {
	var answer smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &answer):
		return answer.ErrorCode()
	default:
		return "NoAnswer"
	}
}
