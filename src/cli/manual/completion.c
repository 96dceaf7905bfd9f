#include "cli/manual/manual.h"

#include <string.h>

/* The words that an option's value can be: "auto mse", or how compgen finds them. */
static void print_values(const char *name, const char *argument, const char *const *choices,
                         FILE *to)
{
    bool file = argument && (strstr(argument, "FILE") || strstr(argument, "DATA"));
    fprintf(to, "        --%s) ", name);
    if (choices) {
        fputs("words='", to);
        for (int i = 0; choices[i]; i++)
            fprintf(to, "%s%.*s", i ? " " : "",
                    (int)(strcspn(choices[i], ":") + (strchr(choices[i], ':') != NULL)),
                    choices[i]);
        fputs("' ;;\n", to);
    } else {
        fprintf(to, "files=%s ;;\n", file ? "-f" : strcmp(argument, "DIR") == 0 ? "-d" : "none");
    }
}

static void print_command(const dt_command *command, FILE *to)
{
    const dt_arguments_form *form = &command->form;
    fprintf(to, "    %s)\n        case $before in\n", form->command);
    for (const dt_option *option = form->table; option->name; option++)
        if (option->argument)
            print_values(option->name, option->argument, option->choices, to);
    if (form->config)
        print_values("config", "FILE", NULL, to);
    fputs("        *) options='", to);
    for (const dt_option *option = form->table; option->name; option++)
        fprintf(to, "--%s ", option->name);
    fprintf(to, "%s--help --version'\n", form->config ? "--config " : "");
    fprintf(to, "            files=%s ;;\n        esac\n        ;;\n",
            form->max_words > 0 ? "-f" : "none");
}

/* Bash gives "--name=value" as three words. A file name that has blanks is one line of compgen's. */
void dt_completion_bash(FILE *to)
{
    fputs("# Completion of dtrain's command line for bash.\n\n"
          "_dtrain()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
          "command=train\n"
          "    local commands='",
          to);
    for (int i = 0; dt_commands[i]; i++)
        fprintf(to, "%s ", dt_commands[i]->form.command);
    fputs("' words='' options='' files=none\n"
          "    COMPREPLY=()\n"
          "    if [[ $word == = ]]; then\n"
          "        word=\n"
          "    elif [[ $before == = ]] && ((COMP_CWORD > 2)); then\n"
          "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    if [[ \" $commands\" == *\" ${COMP_WORDS[1]} \"* ]] && ((COMP_CWORD > 1)); then\n"
          "        command=${COMP_WORDS[1]}\n"
          "    elif ((COMP_CWORD == 1)) && [[ $word != -* ]]; then\n"
          "        command='' words=\"$commands help\"\n"
          "    elif ((COMP_CWORD == 2)) && [[ $before == help ]]; then\n"
          "        command='' words=$commands\n"
          "    fi\n"
          "    case $command in\n",
          to);
    for (int i = 0; dt_commands[i]; i++)
        print_command(dt_commands[i], to);
    fputs("    esac\n"
          "    if [[ $word == -* && $options ]]; then\n"
          "        words=$options\n"
          "    fi\n"
          "    if [[ $words ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "    elif [[ $files != none ]]; then\n"
          "        compopt -o filenames 2>/dev/null\n"
          "        mapfile -t COMPREPLY < <(compgen \"$files\" -- \"$word\")\n"
          "    fi\n"
          "}\n"
          "complete -F _dtrain dtrain\n",
          to);
}
