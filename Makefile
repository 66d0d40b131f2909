# SPDX-License-Identifier: Apache-2.0
# `make demo` and `make check` do their own set-up on a fresh Debian 12 or 13, as root. `make help` lists the rest.
SHELL = /bin/sh
PYTHON = /usr/bin/python3
VENV = build/venv
PREFIX = /usr
DESTDIR =
PYTHON_DIR = $(PREFIX)/lib/python3/dist-packages
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' bridge/cockpit_rhv/__init__.py)
DEB = build/cockpit-rhv_$(VERSION)_all.deb
ENGINE_DEB = build/rhv-engine_$(VERSION)_all.deb
APPLIANCE = build/appliance/rhv-engine.qcow2

PAGE_SOURCES := $(shell find cockpit-rhv/src cockpit-rhv/tools po schemas ansible -type f -not -path '*/generated/*' 2>/dev/null) \
	cockpit-rhv/build.mjs package.json package-lock.json manifest.json tsconfig.json
BRIDGE_SOURCES := $(shell find bridge ansible schemas packaging -type f -not -name '*.pyc') docs/cockpit-rhv.1
ENGINE_SOURCES := $(shell find engine bridge/cockpit_rhv/rpc packaging/engine -type f -not -name '*.pyc') packaging/systemd/rhv-engine.service
APPLIANCE_SOURCES := $(shell find appliance -type f -not -name '*.pyc' -not -name '*.md')

SHELL_SCRIPTS = packaging/install-prerequisites .ci/run $(addprefix packaging/deb/,build postinst prerm postrm) \
	$(addprefix packaging/engine/,build postinst prerm postrm) appliance/build \
	$(addprefix appliance/initramfs/,build init rhv-mkinitramfs postinst.d postrm.d) \
	appliance/overlay/usr/lib/rhv-engine-firstboot/grow-root \
	$(wildcard tests/wholekernel/setup/*.sh tests/recording/*.sh) tests/wholekernel/overlay/usr/local/lib/wholekernel/identity

.PHONY: help demo demo-down check check-slow lint bench page deb engine-deb appliance install clean venv types

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## a test host with Cockpit and a deployed engine, from nothing; prints how to log in
	@$(PYTHON) -m tests.testhost.demo up

demo-down: ## remove everything the demo started
	@$(PYTHON) -m tests.testhost.demo down

check: ## every test; this is what CI runs
	@packaging/install-prerequisites check
	@$(MAKE) --no-print-directory venv page
	@$(VENV)/bin/python -m tests.check

check-slow: ## what takes too long for every run: the storm; docs/slow.md has its last result
	@packaging/install-prerequisites check
	@$(MAKE) --no-print-directory venv
	@$(VENV)/bin/python -m tests.testhost.build trixie wholekernel
	@$(VENV)/bin/python -m pytest -v --durations=10 -m slow tests/slow tests/browser tests/host tests/wholekernel

lint: venv node_modules/.stamp types ## ruff, mypy, ansible-lint, eslint, tsc, shellcheck
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy bridge/cockpit_rhv engine/rhv_engine tests appliance
	$(VENV)/bin/ansible-lint --offline ansible
	npm run --silent lint
	npm run --silent typecheck
	shellcheck $(SHELL_SCRIPTS)

bench: ## measure; writes build/bench.json and prints a table
	@packaging/install-prerequisites check
	@$(MAKE) --no-print-directory venv
	@$(VENV)/bin/python -m tests.bench

page: build/page.stamp ## the page, the portal and the catalogues
deb: $(DEB) ## cockpit-rhv_*.deb, for hosts
engine-deb: $(ENGINE_DEB) ## rhv-engine_*.deb, for the appliance
appliance: $(APPLIANCE) ## the engine VM's disk image

venv: $(VENV)/.stamp
types: node_modules/.stamp
	@npm run --silent types

$(VENV)/.stamp: requirements-dev.txt
	$(PYTHON) -m venv --system-site-packages $(VENV)
	$(VENV)/bin/pip install --quiet -r requirements-dev.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build/page.stamp: node_modules/.stamp $(PAGE_SOURCES)
	npm run --silent build
	@mkdir -p build && touch $@

$(DEB): build/page.stamp $(BRIDGE_SOURCES) Makefile
	packaging/deb/build build

$(ENGINE_DEB): build/page.stamp $(ENGINE_SOURCES)
	packaging/engine/build build

$(APPLIANCE): $(ENGINE_DEB) $(APPLIANCE_SOURCES)
	appliance/build build/appliance $(ENGINE_DEB)

install: ## install the host's part below DESTDIR (page built before)
	install -d $(DESTDIR)$(PREFIX)/share/cockpit/rhv $(DESTDIR)$(PYTHON_DIR) $(DESTDIR)$(PREFIX)/share/cockpit-rhv/appliance
	cp -R cockpit-rhv/dist/page/. $(DESTDIR)$(PREFIX)/share/cockpit/rhv/
	cp -R bridge/cockpit_rhv $(DESTDIR)$(PYTHON_DIR)/
	find $(DESTDIR)$(PYTHON_DIR)/cockpit_rhv -name __pycache__ -prune -exec rm -rf {} +
	cp -R ansible schemas $(DESTDIR)$(PREFIX)/share/cockpit-rhv/
	find $(DESTDIR)$(PREFIX)/share/cockpit-rhv -name __pycache__ -prune -exec rm -rf {} +
	cp -R cockpit-rhv/dist/locale $(DESTDIR)$(PREFIX)/share/cockpit-rhv/
	install -D -m 0755 packaging/bin/helper $(DESTDIR)$(PREFIX)/libexec/cockpit-rhv/helper
	install -D -m 0755 packaging/bin/console $(DESTDIR)$(PREFIX)/libexec/cockpit-rhv/console
	install -D -m 0755 packaging/bin/cockpit-rhv $(DESTDIR)$(PREFIX)/bin/cockpit-rhv
	install -D -m 0644 packaging/systemd/cockpit-rhv-agent.service $(DESTDIR)$(PREFIX)/lib/systemd/system/cockpit-rhv-agent.service
	install -D -m 0644 packaging/systemd/cockpit-rhv-volume@.service $(DESTDIR)$(PREFIX)/lib/systemd/system/cockpit-rhv-volume@.service
	for unit in start watch; do install -D -m 0644 packaging/systemd/cockpit-rhv-network-$$unit.service $(DESTDIR)$(PREFIX)/lib/systemd/system/cockpit-rhv-network-$$unit.service; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system/NetworkManager.service.wants $(DESTDIR)$(PREFIX)/lib/systemd/system/multi-user.target.wants
	ln -sf ../cockpit-rhv-network-start.service $(DESTDIR)$(PREFIX)/lib/systemd/system/NetworkManager.service.wants/
	ln -sf ../cockpit-rhv-network-watch.service $(DESTDIR)$(PREFIX)/lib/systemd/system/multi-user.target.wants/
	install -D -m 0644 docs/cockpit-rhv.1 $(DESTDIR)$(PREFIX)/share/man/man1/cockpit-rhv.1
	install -d $(DESTDIR)$(PREFIX)/share/doc/cockpit-rhv
	cat LICENSE packaging/third-party > $(DESTDIR)$(PREFIX)/share/doc/cockpit-rhv/copyright

clean: ## remove what was built (not the demo: see demo-down)
	rm -rf build/page.stamp build/*.deb build/appliance cockpit-rhv/dist cockpit-rhv/src/generated
