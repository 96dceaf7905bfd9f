#include "cli/manual/manual.h"

#include <ctype.h>
#include <dtrain/version.h>
#include <string.h>

/* Text as roff prints it: characters that it would make typographic stay as they are, so that they can be searched for
 * and copied, and no line is taken for a request. */
static void print_text(const char *text, FILE *to)
{
    static const struct {
        char character;
        const char *roff;
    } own[] = {{'-', "\\-"}, {'\\', "\\e"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {'`', "\\(ga"}};
    if (*text == '.' || *text == '\'')
        fputs("\\&", to);
    for (; *text; text++) {
        const char *roff = NULL;
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            if (*text == own[i].character)
                roff = own[i].roff;
        if (roff)
            fputs(roff, to);
        else
            fputc(*text, to);
    }
}

/* As print_text, in the font "B" (bold) or "I" (italic). */
static void print_in(const char *font, const char *text, FILE *to)
{
    fprintf(to, "\\f%s", font);
    print_text(text, to);
    fputs("\\fR", to);
}

/* A sentence in the middle of a line: "Train a model." becomes "train a model". */
static void print_phrase(const char *sentence, FILE *to)
{
    char text[512];
    snprintf(text, sizeof text, "%s", sentence);
    size_t length = strlen(text);
    text[0] = (char)tolower((unsigned char)text[0]);
    if (length > 0 && text[length - 1] == '.')
        text[length - 1] = '\0';
    print_text(text, to);
}

static void print_title(const char *command, FILE *to)
{
    fputs(".TH DTRAIN", to);
    for (const char *c = command; *c; c++)
        fputc(toupper((unsigned char)*c), to);
    fputs(" 1 \"\" \"dtrain " DTRAIN_VERSION "\" \"User Commands\"\n.SH NAME\ndtrain", to);
    print_text(command, to);
    fputs(" \\- ", to);
}

/* Words in capitals and after them, such as FILE of "--data FILE", in italics; options in bold. */
static void print_usage(const char *usage, FILE *to)
{
    while (*usage) {
        char word[64];
        size_t length = strcspn(usage, " []");
        snprintf(word, sizeof word, "%.*s", (int)length, usage);
        if (length > 0)
            print_in(strncmp(word, "--", 2) == 0 ? "B" : "I", word, to);
        usage += length;
        for (; *usage && strchr(" []", *usage); usage++)
            fputc(*usage, to);
    }
    fputc('\n', to);
}

static void print_name(const char *name, const char *argument, FILE *to)
{
    char dashed[80];
    snprintf(dashed, sizeof dashed, "--%s", name);
    fputs(".TP\n", to);
    print_in("B", dashed, to);
    if (argument) {
        fputc(' ', to);
        print_in("I", argument, to);
    }
    fputc('\n', to);
}

static void print_option(const dt_option *option, FILE *to)
{
    print_name(option->name, option->argument, to);
    print_text(option->meaning, to);
    for (int i = 0; option->choices && option->choices[i]; i++) {
        fputs(i == 0 ? " (" : option->choices[i + 1] ? ", " : " or ", to);
        print_in("B", option->choices[i], to);
        fputs(option->choices[i + 1] ? "" : ")", to);
    }
    fputs(".\n", to);
    if (option->fallback) {
        fputs("The default is ", to);
        print_in("B", option->fallback, to);
        fputs(".\n", to);
    }
}

static void print_common_options(bool config, FILE *to)
{
    if (config) {
        print_name("config", "FILE", to);
        fputs("Read options from a file of name = value lines. The command line wins.\n", to);
    }
    fputs(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint a summary and exit.\n"
          ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nPrint the version and exit.\n",
          to);
}

static void print_options(const dt_command *command, FILE *to)
{
    fputs(".SH OPTIONS\nEach is written \\fB\\-\\-\\fIname value\\fR or "
          "\\fB\\-\\-\\fIname\\fB=\\fIvalue\\fR.\n",
          to);
    for (const dt_option *option = command->form.table; option->name; option++) {
        if (option->group)
            fprintf(to, ".SS %s\n", option->group);
        print_option(option, to);
    }
    fputs(".SS Other\n", to);
    print_common_options(command->form.config, to);
}

static void print_status(FILE *to)
{
    fputs(".SH EXIT STATUS\n"
          ".TP\n0\nDone.\n"
          ".TP\n1\nIt could not be done: a file, the data, memory, space, time, or a loss that is "
          "not finite.\n"
          ".TP\n2\nA bad command line.\n"
          ".TP\n75\nStopped by SIGTERM, SIGINT, SIGUSR1 or for want of time, after saving; run "
          "again with\n"
          "\\fB\\-\\-resume\\fR.\n",
          to);
}

static void print_others(const dt_command *but, FILE *to)
{
    fputs(".SH SEE ALSO\n", to);
    if (but)
        fputs(".BR dtrain (1),\n", to);
    for (int i = 0; dt_commands[i]; i++)
        if (dt_commands[i] != but)
            fprintf(to, ".BR dtrain\\-%s (1),\n", dt_commands[i]->form.command);
    fputs(".BR mpirun (1)\n", to);
}

void dt_manual_command(const dt_command *command, FILE *to)
{
    char dashed[64];
    snprintf(dashed, sizeof dashed, "-%s", command->form.command);
    print_title(dashed, to);
    print_phrase(command->meaning, to);
    fputs("\n.SH SYNOPSIS\n", to);
    for (int i = 0; command->usage[i]; i++) {
        fprintf(to, "%s\\fBdtrain %s\\fR ", i ? ".br\n" : "", command->form.command);
        print_usage(command->usage[i], to);
    }
    fputs(".SH DESCRIPTION\n", to);
    print_text(command->meaning, to);
    fputs("\n.PP\n", to);
    fputs(command->ranks ? "The work is shared out over the ranks that a launcher starts:\n"
                           "\\fBmpirun \\-np\\fR \\fIRANKS\\fR \\fBdtrain ...\\fR\n"
                         : "One process does it, also where a launcher has started several.\n",
          to);
    print_options(command, to);
    print_status(to);
    print_others(command, to);
}

void dt_manual_program(FILE *to)
{
    print_title("", to);
    fputs(
        "distributed data\\-parallel training from HDF5 files\n.SH SYNOPSIS\n"
        "\\fBdtrain\\fR [\\fICOMMAND\\fR] [\\fIOPTION\\fR...]\n.br\n"
        "\\fBmpirun \\-np\\fR \\fIRANKS\\fR \\fBdtrain\\fR [\\fICOMMAND\\fR] [\\fIOPTION\\fR...]\n"
        ".SH DESCRIPTION\n"
        "dtrain trains models on tables, images and simulation output in HDF5 files, on all cores "
        "of\n"
        "a machine or a cluster. An epoch is every training sample exactly once; a step is one "
        "update of the weights\n"
        "from one batch, which all ranks share. With the same data, options and seed, the result "
        "has the same bits on\n"
        "any number of ranks and threads.\n"
        ".SH COMMANDS\nWithout one it is \\fBtrain\\fR.\n",
        to);
    for (int i = 0; dt_commands[i]; i++) {
        fprintf(to, ".TP\n.BR dtrain\\-%s (1)\n", dt_commands[i]->form.command);
        print_text(dt_commands[i]->meaning, to);
        fputc('\n', to);
    }
    fputs(".TP\n\\fBdtrain help\\fR [\\fICOMMAND\\fR]\nPrint a summary of all, or of one.\n.SH "
          "OPTIONS\n"
          "Each command has its own. All have\n",
          to);
    print_common_options(false, to);
    fputs(".SH ENVIRONMENT\n.TP\n.B OMP_NUM_THREADS\nThreads of a rank, where "
          "\\fB\\-\\-threads\\fR does not say.\n"
          ".TP\n.B COLUMNS\nColumns of the terminal, for \\fB\\-\\-help\\fR.\n",
          to);
    print_status(to);
    fputs(".SH EXAMPLES\n.nf\n"
          "mpirun \\-np 4 dtrain\n"
          "dtrain convert flowers.csv flowers.h5 \\-\\-target kind\n"
          "mpirun \\-np 4 dtrain \\-\\-data flowers.h5 \\-\\-hidden 64,64 \\e\n"
          "    \\-\\-val\\-fraction 0.1 \\-\\-checkpoint run\n"
          "dtrain predict \\-\\-model run \\-\\-data new.h5 \\-\\-out predicted.h5\n"
          ".fi\n",
          to);
    print_others(NULL, to);
}
