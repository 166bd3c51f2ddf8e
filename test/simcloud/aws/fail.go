package aws

import (
	"fmt"
	"net/http"
)

// failure is an error as AWS answers it.
type failure struct {
	Status  int
	Code    string
	Message string
}

// Error says code and message.
func (f *failure) Error() string { return f.Code + ": " + f.Message }

// fail returns a failure with status 400, which most have.
func fail(code, format string, args ...any) error {
	return &failure{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// failWith returns a failure with another status.
func failWith(status int, code, format string, args ...any) error {
	return &failure{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid is ELB's answer to what its model or its rules for names refuse.
func invalid(format string, args ...any) error { return fail("ValidationError", format, args...) }

// misconfigured is ELB's answer to settings that don't go together.
func misconfigured(format string, args ...any) error {
	return fail("InvalidConfigurationRequest", format, args...)
}

// badValue is EC2's answer to a value that can't be.
func badValue(parameter, value, format string, args ...any) error {
	return fail("InvalidParameterValue", "Value (%s) for parameter %s is invalid. %s", value, parameter, fmt.Sprintf(format, args...))
}

// missing is the answer to a request without something that it must have.
func missing(service, parameter string) error {
	if service == elbService {
		return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", parameter)
	}
	return fail("MissingParameter", "The request must contain the parameter %s", parameter)
}

// gapCode is the code of what the simulator does not model. AWS has no such code.
const gapCode = "SimulatorGap"

// gap says that AWS could do what was asked for, and the simulator can't.
func gap(format string, args ...any) error {
	return failWith(http.StatusNotImplemented, gapCode, "not modelled: "+format, args...)
}
