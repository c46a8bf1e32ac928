#include "client/cli/language.h"

#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "client/cli/file.h"
#include "core/error.h"
#include "core/text.h"

#define DOMAIN "comity"
#define ENGLISH "en"

/* English is in the program; the others are those of client/cli/po/LINGUAS. */
static const char *const LANGUAGES[] = {ENGLISH, COMITY_LINGUAS};

/* gettext reads no catalogue in the locale C, nor, since glibc 2.39, in C.UTF-8; and a machine may have no
 * other one. The C library takes a territory that it does not know off a name until it finds a locale: this
 * is C.UTF-8 by another name, in which catalogues are read. */
static const char ANY_LOCALE[] = "C_COMITY.UTF-8";

static const char *spoken = ENGLISH;

/* Of "es", "es_MX.UTF-8" and "es-MX": "es". NULL of what there is not. */
static const char *known(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_COUNT(LANGUAGES); i++) {
        size_t own = strlen(LANGUAGES[i]);
        if (length >= own && strncasecmp(name, LANGUAGES[i], own) == 0 &&
            (length == own || strchr("_-.@", name[own]) != NULL))
            return LANGUAGES[i];
    }
    return NULL;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value == NULL ? "" : value;
}

/* As every program of the system chooses: the first that there is of LANGUAGE, unless the locale is C. */
static const char *usual(void)
{
    static const char *const LOCALES[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = "", *found = NULL;

    for (size_t i = 0; *locale == '\0' && i < ARRAY_COUNT(LOCALES); i++)
        locale = variable(LOCALES[i]);
    if (*locale == '\0' || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
        return ENGLISH;
    for (const char *at = variable("LANGUAGE"); found == NULL && *at != '\0';) {
        size_t length = strcspn(at, ":");
        found = known(at, length);
        at += length + (at[length] == ':');
    }
    if (found == NULL)
        found = known(locale, strlen(locale));
    return found == NULL ? ENGLISH : found;
}

/* Beside the program: where it is installed, or in the tree where it was built. */
static bool find_catalogue(const char *language, char ret_directory[PATH_BYTES])
{
    static const char *const BELOW[] = {COMITY_LOCALE_BELOW_BIN, "share/locale"};
    char program[PATH_BYTES], path[2 * PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(BELOW); i++) {
        if (snprintf(ret_directory, PATH_BYTES, "%s/%s", program, BELOW[i]) >= PATH_BYTES)
            continue;
        snprintf(path, sizeof(path), "%s/%s/LC_MESSAGES/" DOMAIN ".mo", ret_directory, language);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

/* 0, ERR_FILE. */
static int speak(const char *language)
{
    char directory[PATH_BYTES];

    if (strcmp(language, ENGLISH) == 0) {
        setlocale(LC_MESSAGES, "C");
        spoken = ENGLISH;
        return 0;
    }
    if (!find_catalogue(language, directory) || setlocale(LC_MESSAGES, ANY_LOCALE) == NULL ||
        setenv("LANGUAGE", language, 1) != 0)
        return ERR_FILE;
    bindtextdomain(DOMAIN, directory);
    bind_textdomain_codeset(DOMAIN, "UTF-8");
    textdomain(DOMAIN);
    spoken = language;
    return 0;
}

int language_start(const char *wanted, char reason[LANGUAGE_REASON_MAX])
{
    const char *given = known(wanted, strlen(wanted));
    const char *language = given != NULL ? given : usual();

    setlocale(LC_ALL, "");
    /* What is printed is UTF-8; where the locale is another, characters are still as wide as they are. */
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    if (speak(language) == 0)
        return 0;
    speak(ENGLISH);
    if (given == NULL)
        return 0;
    snprintf(reason, LANGUAGE_REASON_MAX,
             _("The words in `%s` cannot be used: share/locale/%s/LC_MESSAGES/comity.mo is not installed "
               "beside this "
               "program, or this machine has no locale C.UTF-8."),
             language, language);
    return ERR_FILE;
}

const char *language_spoken(void)
{
    return spoken;
}

const char *language_words(const char *text)
{
    /* The empty one is the catalogue's own heading. */
    return *text == '\0' ? text : gettext(text);
}

const char *language_words_of(const char *key, const char *text)
{
    const char *found = gettext(key);

    return found == key ? text : found;
}

const char *language_counted(const char *one, const char *many, uint64_t count)
{
    return ngettext(one, many, count);
}

const char *language_error(int code)
{
    return language_words(error_sentence(code));
}
