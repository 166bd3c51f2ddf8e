package ir

// Programmed is what comes back over the waist: how far the ready proxies of a gateway are with an object or a listener.
type Programmed struct {
	State ProgrammedState `json:"state"`
	// Message is Envoy's own. Only what is Rejected has one.
	Message string `json:"message,omitempty"`
}

// ProgrammedState is one of a few answers.
type ProgrammedState string

// The states of what proxies should have.
const (
	// Acknowledged: every ready proxy has it, and there is one.
	Acknowledged ProgrammedState = "Acknowledged"
	// Pending: not every ready proxy has acknowledged it yet.
	Pending ProgrammedState = "Pending"
	// NoProxy: no proxy of the gateway is ready.
	NoProxy ProgrammedState = "NoProxy"
	// Unheard: a ready proxy is connected to no replica of the operator, so nobody knows what it has.
	Unheard ProgrammedState = "Unheard"
	// NotAsked: it is only in route tables that no listener asks for.
	NotAsked ProgrammedState = "NotAsked"
	// NotServed: nothing that proxies are given is made of it.
	NotServed ProgrammedState = "NotServed"
	// Rejected: a ready proxy refused it.
	Rejected ProgrammedState = "Rejected"
)
