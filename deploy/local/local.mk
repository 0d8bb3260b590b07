# SPDX-License-Identifier: Apache-2.0
# Packages and local parts (Kafka, PostgreSQL). Part of the main Makefile, and usable alone:
#   make -f deploy/local/local.mk deps

LOCAL := $(dir $(lastword $(MAKEFILE_LIST)))

.PHONY: deps deps-dev up-parts stop-parts status-parts psql

deps: ## install what building and running need (Debian packages, Kafka's jars, the page's ECharts)
	@$(LOCAL)deps
	@env -u CITYBRAIN_RUN $(LOCAL)parts jars
	@$(LOCAL)charts

deps-dev: ## install what tests, lint and the browser need as well
	@$(LOCAL)deps dev

up-parts: ## start Kafka and PostgreSQL below .run/ (BROKERS=3 for three brokers)
	@$(LOCAL)parts start

stop-parts: ## stop Kafka and PostgreSQL, not the daemons
	@$(LOCAL)parts stop

status-parts: ## say which of Kafka and PostgreSQL run, and where
	@$(LOCAL)parts status

psql: ## a PostgreSQL prompt on the local cluster; the views are in schema api
	@eval "$$($(LOCAL)parts env)" && PGOPTIONS='-c search_path=api,public' exec psql "$$CITYBRAIN_PG"
