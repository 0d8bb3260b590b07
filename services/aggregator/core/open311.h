/* SPDX-License-Identifier: Apache-2.0 */
/* Open311 GeoReport v2, the reading half, as text: JSON and XML. What a district does not publish
 * (address, description, place on a map) is there and empty, as the specification asks. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "model/registry.h"

enum open311_form { OPEN311_JSON, OPEN311_XML };

/* "requests.json" to "requests"; false for another ending. */
bool open311_read_form(struct span *name, enum open311_form *form);
const char *open311_content_type(enum open311_form form);

/* One service a type that has no types below it; its group is the type above it. */
void open311_write_services(struct strbuf *out, enum open311_form form,
                            const struct registry *types);
/* Its definition: none of ours asks for attributes. False: there is no such service. */
bool open311_write_definition(struct strbuf *out, enum open311_form form,
                              const struct registry *types, struct span code);

struct open311_request {
    struct span id, notes, service_code, service_name, agency, area; /* absent = not known */
    bool closed;
    struct span requested, updated, expected; /* with their offset */
};
void open311_begin_requests(struct strbuf *out, enum open311_form form);
void open311_add_request(struct strbuf *out, enum open311_form form,
                         const struct open311_request *request, bool first);
void open311_end_requests(struct strbuf *out, enum open311_form form);

void open311_write_error(struct strbuf *out, enum open311_form form, int code,
                         struct span description);
/* Where its two forms are: the root of all of it. */
void open311_write_discovery(struct strbuf *out, enum open311_form form, struct span jurisdiction);
