/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/dead_feed.h"

#include <stdio.h>

#include "citybrain/bundle.h"
#include "citybrain/dead_letter.h"
#include "citybrain/verb.h"

static bool take_found(void *context, const struct dead_letter *letter)
{
    (void)letter;
    *(bool *)context = true;
    return false;
}

/* Of any time and reason. */
static int look_for_letters(const char *feed, const struct kafka_settings *settings,
                            const struct error *unknown)
{
    const struct dead_filter filter = {
        .feed = feed, .until_ms = INT64_MAX, .partition = -1, .offset = -1};
    struct error error = {0};
    int64_t strange = 0;
    bool found = false;
    bool good = dead_letter_each(settings, &filter, take_found, &found, &strange, &error);
    if (found)
        return VERB_OK;
    if (good) {
        fprintf(stderr,
                "citybrain dead: %s; and no letter is of it; fix: citybrain dead group names "
                "the feeds that have letters\n",
                unknown->text);
        return VERB_USAGE;
    }
    fprintf(stderr, "citybrain dead: %s; fix: start the brokers, or name them by --brokers\n",
            error.text);
    return VERB_UNAVAILABLE;
}

int dead_feed_check(const char *feed, const char *config_dir, const struct kafka_settings *settings)
{
    char path[512];
    struct error unknown = {0};
    struct diagnostics *unsaid = diagnostics_new(); /* who needs mappings tells them himself */
    snprintf(path, sizeof path, "%s/feeds", config_dir);
    struct bundle bundle = {.folder = config_dir, .feeds = feeds_load(path, unsaid)};
    bool known = !bundle.feeds || bundle_has_feed(&bundle, feed, &unknown);
    if (bundle.feeds)
        feeds_free(bundle.feeds);
    diagnostics_free(unsaid);
    return known ? VERB_OK : look_for_letters(feed, settings, &unknown);
}
