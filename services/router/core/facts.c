/* SPDX-License-Identifier: Apache-2.0 */
/* Read once an order; rules then touch no registry but for the owner they name. */
#include "router/core/facts.h"

#include "base/timestamp.h"
#include "config/yaml.h"

void facts_read(struct facts *facts, const struct order *order, const struct district *district)
{
    /* A registry's row is valid by civil day, as a rule is. */
    int64_t day = timestamp_day(order->opened_ms, YAML_DATE_ZONE_MINUTES);
    *facts = (struct facts){
        .order = order,
        .district = district,
        .day = day,
        .type = district_type(district, order->type_code, day),
        .place = district_place(district, order->community_code, order->street_code, day),
    };
}

const char *facts_place_word(enum place_state state)
{
    switch (state) {
    case PLACE_UNKNOWN: return "unknown";
    case PLACE_KNOWN: return "known";
    case PLACE_OUTSIDE: return "outside";
    case PLACE_DISPUTED: return "disputed";
    }
    return "unknown";
}
