# The everyday commands. `make` lists them.
CONTROLLER = dotnet run --project src/IngressController --
ROUTING_TESTS = tests/IngressController.Routing.Tests
HOST_TESTS = tests/IngressController.Tests
IMAGE ?= yarp-ingress:dev

.DEFAULT_GOAL := help
.PHONY: help build test case golden format demo run lint image kind bench check

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build everything
	dotnet build

test: ## Run all tests; those whose needs are not met are skipped
	dotnet test

case: ## Run golden cases by name: make case NAME=redirects/app-root
	$(if $(NAME),,$(error NAME is missing: make case NAME=redirects/app-root))
	dotnet test $(ROUTING_TESTS) --filter 'DisplayName~$(NAME)'

golden: ## Rewrite all expected files and generated pages (the chart's need helm); read the difference
	UPDATE_GOLDEN=1 dotnet test $(ROUTING_TESTS) --filter 'GoldenTests|AnnotationReferenceTests'
	UPDATE_GOLDEN=1 dotnet test $(HOST_TESTS) --filter 'LayerTests|OptionReferenceTests|ExplainCommandTests|ChartRenderingTests|ChartValuesTests|ChartReadmeTests|DeployTests'
	git diff --stat

format: ## Correct the formatting
	dotnet format

demo: ## Run the controller with built-in Ingresses and backends
	$(CONTROLLER) demo $(ARGS)

run: ## Run the controller against the current kubeconfig: make run ARGS='--context staging'
	$(CONTROLLER) run $(ARGS)

lint: ## Check manifests: make lint FILES=deploy/demo
	$(CONTROLLER) lint $(or $(FILES),deploy/demo) $(ARGS)

image: ## Build the image
	docker build -t $(IMAGE) .

kind: ## Create a kind cluster with the chart and a demo application; again after a change
	deploy/kind/up.sh

bench: ## Run benchmarks by name: make bench NAME='*MatchBenchmarks*'
	dotnet run -c Release --project tests/IngressController.Benchmarks -- --filter '$(or $(NAME),*)'

check: ## Run the whole check that a change must pass
	.ci/run
