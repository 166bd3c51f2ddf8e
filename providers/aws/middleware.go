package aws

import (
	"cmp"
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// budgeted returns a configuration whose clients keep to the budgets of an account. It knows each call by its service, region and operation,
// which the SDK has told at its first step; retries are off, so that a step is a call. Without Budgets nothing is kept to.
func (a Access) budgeted(loaded aws.Config, account string) aws.Config {
	if a.Budgets == nil {
		return loaded
	}
	kept := loaded.Copy()
	kept.APIOptions = append(kept.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(keeper{a.Budgets, account}, middleware.After)
	})
	return kept
}

// keeper keeps the calls of an account to budgets.
type keeper struct {
	budgets *Budgets
	account string
}

// ID implements middleware.InitializeMiddleware.
func (keeper) ID() string { return "EdgeGatewayBudget" }

// HandleInitialize implements middleware.InitializeMiddleware.
func (k keeper) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	service := awsmiddleware.GetServiceID(ctx)
	service = cmp.Or(prefixes[service], service)
	t, err := k.budgets.begin(ctx, k.account, awsmiddleware.GetRegion(ctx), service, awsmiddleware.GetOperationName(ctx))
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	k.budgets.end(t, codeOf(err))
	return out, metadata, err
}

// codeOf returns the code of an error, for those who count.
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
