# EdgeGateway. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VERSION ?= dev
IMAGE ?= ghcr.io/edgegateway/edgegateway:$(VERSION)
ONCE ?=
PROVIDER ?=
PKG ?=

# one-of fails unless PROVIDER is empty or one of some.
one-of = $(if $(filter-out $(1),$(PROVIDER)),$(error PROVIDER is "$(PROVIDER)": say $(1)))

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/edgegateway
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/edgegateway .

.PHONY: generate
generate: ## write deepcopy functions
	go tool controller-gen object paths=./api/...

.PHONY: manifests
manifests: ## write CRDs and roles into config/ and the chart
	go tool controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	go tool controller-gen rbac:roleName=edgegateway-manager paths=./controllers/... output:rbac:dir=config/rbac
	cp config/crd/bases/*.yaml charts/edgegateway/files/crds/
	for dir in rbac manager; do for file in charts/edgegateway/files/$$dir/*.yaml; do cp config/$$dir/$${file##*/} $$file; done; done

.PHONY: verify
verify: generate manifests ## fail if something generated, formatted or tidied is not as committed
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go mod tidy
	go vet ./...
	go tool staticcheck ./...
	git diff --exit-code

# As the operator is built, so that what is compiled for its tests needs no compiling again for its image.
unit test conformance bench-calls crash drill e2e: export CGO_ENABLED := 0

.PHONY: unit
unit: ## run the tests that need no cluster
	go test $$(go list ./... | grep -v -e /test/e2e -e /test/cluster)

.PHONY: test
test: ## run every test, on a real cluster where this machine can (README: what it needs)
	.ci/test

.PHONY: race
race: ## run the tests of what runs side by side under the race detector, which needs a C compiler; PKG=./edgeproxy/server: those of a package
	CGO_ENABLED=1 go test -race -timeout 20m $(or $(PKG),./controllers/... ./edgeproxy/... ./providers/...)

.PHONY: drill
drill: ## restart, kill and change everything under 200 requests a second, a minute each; writes test/e2e/reports/; PROVIDER=manual or aws: there only
	$(call one-of,manual aws)
	mkdir -p test/e2e/reports
	E2E_CLUSTER=drill DRILL_RATE=200 DRILL_SECONDS=60 DRILL_REPORT=reports/drill.txt DRILL_AWS_REPORT=reports/drill-aws.txt \
	  go test -timeout 60m -count=1 -v -run '^TestUnderLoad$(if $(PROVIDER),$(patsubst %,InAWS,$(filter aws,$(PROVIDER))),(InAWS)?)$$' ./test/e2e

.PHONY: conformance
conformance: ## run the whole conformance suite of every adapter: a crash and a lost reply at every call; PROVIDER=aws: of one
	$(call one-of,$(sort $(foreach file,$(wildcard providers/*/conformance_test.go providers/*/*/conformance_test.go),$(word 2,$(subst /, ,$(file))))))
	CONFORMANCE=all go test -timeout 40m -count=1 -v -run 'Contract|Conformance|Suite' ./providers/$(if $(PROVIDER),$(PROVIDER)/)...

.PHONY: bench-calls
bench-calls: ## count the calls to AWS of up to 1,000 gateways, in virtual time; writes test/bench/reports/calls.txt
	$(call one-of,aws)
	mkdir -p test/bench/reports
	BENCH=all BENCH_REPORT=reports/calls.txt go test -timeout 60m -count=1 -v -run TestCalls ./test/bench

.PHONY: crash
crash: ## run the whole crash proof: every fault at every call of every story; writes test/crash/report.txt; PROVIDER=aws: of one, without a report
	$(call one-of,manual rfc2136 aws)
	CRASH=all CRASH_PROVIDER=$(PROVIDER) go test -timeout 60m -count=1 -v -run 'TestCrashes$(if $(PROVIDER),,|TestMutants)' ./test/crash

.PHONY: e2e
e2e: ## run the tests on a real cluster only
	go test -timeout 60m -p 1 -parallel 4 -v ./test/cluster/... ./test/e2e

.PHONY: demo
demo: ## start a cluster and show the product; PROVIDER=aws: in a simulated AWS; ONCE=1 checks every step, then takes all of it down
	go run ./test/demo $(if $(PROVIDER),-provider $(PROVIDER)) $(if $(ONCE),-once)

.PHONY: demo-down
demo-down: ## take down what demo left
	go run ./test/demo -down

.PHONY: install
install: ## apply the CRDs to the cluster of your KUBECONFIG
	kubectl apply --server-side -k config/crd

.PHONY: image
image: ## build the operator's image with docker
	docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) .
