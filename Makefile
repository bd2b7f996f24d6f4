# make run    set up, build and run a whole small school
# make test   set up and run every test
# make clients  generate clients of the API in Go and TypeScript, and try them
# make check  format, vet, lint and generated files
# make bench  the benchmarks, side by side with peers
# make soak   the long tests: a thousand kills, a thousand restarts
# make package  Debian packages, for amd64 and arm64
# make build  bin/gateway, its drivers and the simulator

SHELL := /bin/sh
CACHE := $(CURDIR)/.cache
export GATEHOUSE_CACHE := $(CACHE)
VERSION ?=
TRIM := $(if $(VERSION),-trimpath)
# One setting for builds and tests, to share the build cache; only vision needs cgo.
export CGO_ENABLED := 0
PLAIN := counter modbus mqtt zkteco
CONSOLE := api/console
MQTTJS := gateway/ingest/mqttfront/testdata/npm
CLIENTS := api/testdata/clients
SMPPJS := gateway/notify/smpp/testdata/npm
PUSHJS := gateway/notify/webpush/testdata/npm
DRIVERJS := drivers/example/node
TESTJS := $(addsuffix /node_modules/.package-lock.json,$(MQTTJS) $(SMPPJS) $(PUSHJS) $(DRIVERJS))
SOURCES = $(shell find . -name '*.go' -not -path '*/node_modules/*') go.mod go.sum

vision_env = $(shell sed -n 's/^\(CGO_ENABLED\)=\(.*\)/\1=\2/p; s/^\(CGO_[A-Z]*FLAGS\)=\(.*\)/\1="\2"/p' deploy/setup/vision.env)
vision_tags = $(shell sed -n 's/^VISION_TAGS=//p' deploy/setup/vision.env)

.PHONY: all run setup need build console test clients check lint package bench soak clean
all: build

need:
	@deploy/setup/need.sh

setup: need
	@deploy/setup/debian.sh
	@deploy/setup/assets.sh

console: need $(CONSOLE)/dist/index.html

$(CONSOLE)/node_modules/.package-lock.json: $(CONSOLE)/package-lock.json
	@echo 'console: installing npm packages'
	@cd $(CONSOLE) && npm ci --no-audit --no-fund --loglevel=error

# An MQTT client for the tests of gateway/ingest/mqttfront.
$(MQTTJS)/node_modules/.package-lock.json: $(MQTTJS)/package-lock.json
	@echo 'test: installing the npm package mqtt'
	@cd $(MQTTJS) && npm ci --no-audit --no-fund --loglevel=error

# A message centre for the tests of gateway/notify/smpp.
$(SMPPJS)/node_modules/.package-lock.json: $(SMPPJS)/package-lock.json
	@echo 'test: installing the npm package smpp'
	@cd $(SMPPJS) && npm ci --no-audit --no-fund --loglevel=error

# A push service for the tests of gateway/notify/webpush.
$(PUSHJS)/node_modules/.package-lock.json: $(PUSHJS)/package-lock.json
	@echo 'test: installing the npm package web-push-testing'
	@cd $(PUSHJS) && npm ci --no-audit --no-fund --loglevel=error

# What the example of a driver in JavaScript needs, for the tests of drivers/host.
$(DRIVERJS)/node_modules/.package-lock.json: $(DRIVERJS)/package-lock.json
	@echo 'test: installing the npm packages of the example driver'
	@cd $(DRIVERJS) && npm ci --no-audit --no-fund --loglevel=error

# Third-party linters and generators, for the test of the OpenAPI document.
$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json
	@echo 'test: installing what reads the OpenAPI document'
	@cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error

clients: need $(CLIENTS)/node_modules/.package-lock.json
	GATEHOUSE_CLIENTS=1 go test -count=1 -timeout 20m -run '^TestClientsOfOthers$$' ./api

$(CONSOLE)/dist/index.html: $(CONSOLE)/node_modules/.package-lock.json $(shell find $(CONSOLE)/src $(CONSOLE)/public -type f 2>/dev/null) $(CONSOLE)/index.html $(CONSOLE)/vite.config.ts
	@echo 'console: building'
	@cd $(CONSOLE) && npm run --silent build

build: setup console bin/.built

bin/.built: $(SOURCES) $(CONSOLE)/dist/index.html $(shell find deploy drivers registry rules -name '*.yaml' -o -name '*.sql' -o -path 'drivers/counter/page/*')
	@echo 'build: gateway'
	@go build $(TRIM) -tags release -ldflags "-X main.version=$(VERSION)" -o bin/gateway ./gateway
	@mkdir -p bin/drivers
	@for d in $(PLAIN); do echo "build: driver $$d"; go build $(TRIM) -o bin/drivers/$$d ./drivers/$$d || exit 1; done
	@echo 'build: simulated equipment'
	@go build $(TRIM) -o bin/gatehouse-sim ./drivers/sim/equipment
	@echo 'build: driver camera (OpenCV, FFmpeg; a minute or two the first time)'
	@$(vision_env) go build $(TRIM) -tags $(vision_tags) -o bin/drivers/camera ./vision/camera
	@touch $@

run: build
	@exec bin/gateway demo $(ARGS)

test: build $(TESTJS)
	@deploy/setup/influxd.sh
	deploy/setup/postgres.sh go test -timeout 30m ./...
	$(vision_env) go test -tags $(vision_tags) ./vision/...
	cd $(CONSOLE) && npm run --silent lint && npm run --silent test
	@$(MAKE) --no-print-directory clients
	GATEHOUSE_E2E=1 go test -count=1 -timeout 25m ./gateway/e2e

check: need
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'check: gofmt would change:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go mod verify >/dev/null
	deploy/setup/lint.sh

package: build
	@VERSION=$(VERSION) deploy/package/build.sh $(ARCH)

bench: build
	deploy/bench.sh

soak: build
	deploy/soak.sh

clean:
	rm -rf bin $(CONSOLE)/dist/assets $(CONSOLE)/dist/index.html
