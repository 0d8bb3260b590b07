/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that says which release this is. */
#pragma once

#ifndef CITYBRAIN_VERSION
#define CITYBRAIN_VERSION "0.1.0"
#endif
