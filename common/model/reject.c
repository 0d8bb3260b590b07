/* SPDX-License-Identifier: Apache-2.0 */
/* The table's three columns. */
#include "model/reject.h"

static const char *const names[] = {
#define REJECT_NAME(id, name, zh, en) [REJECT_##id] = (name),
    REJECT_TABLE(REJECT_NAME)
#undef REJECT_NAME
};
static const char *const chinese[] = {
#define REJECT_ZH(id, name, zh, en) [REJECT_##id] = (zh),
    REJECT_TABLE(REJECT_ZH)
#undef REJECT_ZH
};
static const char *const english[] = {
#define REJECT_EN(id, name, zh, en) [REJECT_##id] = (en),
    REJECT_TABLE(REJECT_EN)
#undef REJECT_EN
};

const char *reject_name(enum reject reject)
{
    return names[reject];
}

const char *reject_chinese(enum reject reject)
{
    return chinese[reject];
}

const char *reject_english(enum reject reject)
{
    return english[reject];
}
