/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain completion: scripts for shells, made of the verbs' own tables, so that they know what
 * getopt_long knows and nothing else. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "citybrain/verb.h"

static const char completion_help[] =
    "usage: citybrain completion bash|zsh|json\n\n"
    "Tab completion of verbs, their words and options, made of the tables the verbs read by.\n\n"
    "  bash   source <(citybrain completion bash)\n"
    "         or once: citybrain completion bash >/etc/bash_completion.d/citybrain\n"
    "  zsh    citybrain completion zsh >~/.zfunc/_citybrain, with ~/.zfunc in $fpath\n"
    "  json   the tables themselves: verb, summary, words, options and which take a value\n\n"
    "exit: 0 printed, 64 usage\n";

typedef void option_fn(const struct option *option);

static bool is_shown(const struct option *option)
{
    return strcmp(option->name, "help") != 0; /* every verb has it */
}

static void each_option(const struct verb *verb, option_fn *show)
{
    for (const struct option *one = verb->options; one && one->name; one++)
        if (is_shown(one))
            show(one);
}

/* ---- bash ---- */

static void bash_option(const struct option *option)
{
    printf("--%s ", option->name);
}

static void bash_valued(const struct option *option)
{
    if (option->has_arg)
        printf("--%s ", option->name);
}

static void show_bash(void)
{
    const struct verb *verb;
    fputs("# bash completion of citybrain, made by: citybrain completion bash\n"
          "_citybrain()\n{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local options= words= valued=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          stdout);
    for (size_t i = 0; (verb = verb_at(i)); i++)
        printf("%s ", verb->name);
    fputs("help --version\" -- \"$cur\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n",
          stdout);
    for (size_t i = 0; (verb = verb_at(i)); i++) {
        printf("    %s) options=\"", verb->name);
        each_option(verb, bash_option);
        printf("--help\" words=\"%s\" valued=\" ", verb->words ? verb->words : "");
        each_option(verb, bash_valued);
        fputs("\" ;;\n", stdout);
    }
    fputs("    esac\n"
          "    case $prev in\n"
          "    --config|--bundle) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
          "    --feed) COMPREPLY=($(compgen -W \"$(cd \"${CITYBRAIN_CONFIG:-config}/feeds\" "
          "2>/dev/null && "
          "ls | sed -n 's/[.]yaml$//p')\" -- \"$cur\")); return ;;\n"
          "    esac\n"
          "    if [[ $cur == -* ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
          "    elif [[ $prev != -* && $COMP_CWORD -eq 2 && -n $words ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "    elif [[ $valued != *\" $prev \"* || $prev == --*file || $prev == --key* ]]; then\n"
          "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
          "    fi\n"
          "}\n"
          "complete -F _citybrain citybrain\n",
          stdout);
}

/* ---- zsh ---- */

/* Of a summary: what would end the quotes or mean something to _describe. */
static void zsh_text(const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (*text == ':' || *text == '[' || *text == ']')
            printf("\\%c", *text);
        else
            putchar(*text);
}

static void zsh_option(const struct option *option)
{
    bool is_folder = strcmp(option->name, "config") == 0 || strcmp(option->name, "bundle") == 0;
    printf(" '--%s%s'", option->name,
           !option->has_arg ? ""
           : is_folder      ? ":folder:_files -/"
                            : ":value:_files");
}

static void show_zsh(void)
{
    const struct verb *verb;
    fputs("#compdef citybrain\n# made by: citybrain completion zsh\n"
          "_citybrain()\n{\n    local -a verbs\n    verbs=(\n",
          stdout);
    for (size_t i = 0; (verb = verb_at(i)); i++) {
        printf("        '%s:", verb->name);
        zsh_text(verb->summary);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n        _describe verb verbs\n        return\n    fi\n"
          "    local verb=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
          "    case $verb in\n",
          stdout);
    for (size_t i = 0; (verb = verb_at(i)); i++) {
        printf("    %s) _arguments", verb->name);
        each_option(verb, zsh_option);
        if (verb->words)
            printf(" '1:word:(%s)'", verb->words);
        fputs(" '--help' '*:file:_files' ;;\n", stdout);
    }
    fputs("    esac\n}\n_citybrain \"$@\"\n", stdout);
}

/* ---- JSON ---- */

static void add_verb(struct strbuf *out, const struct verb *verb)
{
    const char *comma = "";
    strbuf_add(out, SPAN("{\"verb\":"));
    strbuf_add_json(out, span_of(verb->name));
    strbuf_add(out, SPAN(",\"summary\":"));
    strbuf_add_json(out, span_of(verb->summary));
    strbuf_add(out, SPAN(",\"words\":["));
    for (struct span rest = span_of(verb->words); rest.at; comma = ",") {
        struct span word = span_cut(&rest, ' ');
        strbuf_add(out, span_of(comma));
        strbuf_add_json(out, word);
    }
    strbuf_add(out, SPAN("],\"options\":{"));
    comma = "";
    for (const struct option *one = verb->options; one && one->name; one++) {
        if (!is_shown(one))
            continue;
        strbuf_addf(out, "%s\"--%s\":%s", comma, one->name, one->has_arg ? "true" : "false");
        comma = ",";
    }
    strbuf_add(out, SPAN("}}"));
}

static void show_json(void)
{
    const struct verb *verb;
    struct strbuf out;
    strbuf_init(&out, 16384, (size_t)1 << 20);
    for (size_t i = 0; (verb = verb_at(i)); i++) {
        strbuf_add(&out, i ? SPAN(",\n") : SPAN("["));
        add_verb(&out, verb);
    }
    printf("%s]\n", out.at);
    strbuf_fini(&out);
}

static const struct option options[] = {{0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    if (getopt_long(argc, argv, "", options, NULL) != -1)
        return verb_bad_option("completion", argv);
    const char *shell = optind + 1 == argc ? argv[optind] : "";
    if (strcmp(shell, "bash") == 0)
        show_bash();
    else if (strcmp(shell, "zsh") == 0)
        show_zsh();
    else if (strcmp(shell, "json") == 0)
        show_json();
    else
        return verb_usage("completion", "bash, zsh or json?");
    return VERB_OK;
}

const struct verb verb_completion = {"completion",    "tab completion for bash and zsh",
                                     completion_help, run,
                                     options,         "bash zsh json"};
