/* SPDX-License-Identifier: Apache-2.0 */
/* Signs a call as it stands, once: a call that is made again is signed again. */
#pragma once

#include <stddef.h>

#include "citybrain/http_client.h"
#include "citybrain/key_file.h"

#define SIGNER_HEADER 384

/* Writes "Authorization: …" for the call's method, URL, body and other headers, the host's time and
 * a new message id. */
bool signer_sign(const struct key_file *key, const struct http_call *call,
                 char header[SIGNER_HEADER], struct error *error);
