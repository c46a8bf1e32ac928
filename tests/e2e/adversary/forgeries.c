/* A hundred thousand forgeries of real traffic, against the path that a worker takes with each frame.
 *
 *   forgeries [--without DEFENCE]
 *
 * First the honest traffic is played alone. Then the same traffic comes to a second store, and before every
 * command of it come forgeries: each kind of FORGE_OUTSIDE and FORGE_INSIDE, made from that command, which
 * the worker is about to take. None of them may be accepted; a replay gets its first answer; every honest
 * command gets the answer that it got without them; and the record is the same to the byte. With --without a
 * defence is gone, and the program succeeds if a forgery was accepted or the record differs.
 *
 * What a play has nothing to forge of is looked for in another one, of the next seed.
 *
 * COMITY_SEED: the seed, which is printed. COMITY_LONG=1: five times as many. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sodium.h>

#include "core/error.h"
#include "defences.h"
#include "forge.h"

enum {
    HONEST = 1500,
    LONG = 5,
    NEEDED = 100000,
    FORGE_BYTES = 64 * 1024 * 1024,
    KINDS_MAX = 64,
    CODES_MAX = 160,
    GRANT_EVERY = 4, /* honest commands */
    MISSING_MAX = 2,
    PLAYS_MAX = 5,
};

static const char TWO_BALLOTS[] = "two ballots in place of one";
static const char STRANGER_REDEEMS[] = "a stranger redeems: here";

/* What became of a kind. */
struct tally {
    const char *name;
    unsigned long tried, accepted;
    unsigned long by_code[CODES_MAX]; /* refusals by -code */
};

/* One that is on its way: its tag. */
struct flight {
    struct tally *tally;       /* NULL: an honest command */
    const struct sent *wanted; /* whose answer it has to get; NULL: any refusal */
    bool is_grant;
    struct path_answer *ret_answer; /* to be compared by whoever sent it */
};

struct attack {
    struct path path;
    struct forge forge;
    struct traffic *traffic;
    struct tally tallies[KINDS_MAX];
    size_t tally_count;
    unsigned long told_to[2]; /* strangers that there is such a history; [true]: who redeem */
    struct flight flights[PATH_ORDERED_MAX * 4]; /* a ring: none is in the air for as long as it turns */
    size_t flight;
    unsigned long wrong; /* answers that are not the ones they have to be */
};

static void complain(struct attack *attack, const struct flight *flight, const struct path_answer *answer)
{
    if (attack->wrong++ < 20)
        fprintf(stderr, "command %zu (%s): %s: %s %s\n", attack->forge.at,
                command_name(attack->traffic->sent[attack->forge.at].command.body),
                flight->tally ? flight->tally->name : "the honest command",
                answer->code == 0 ? "ACCEPTED" : error_name(answer->code), answer->field);
}

static bool grant_is_refused(struct attack *attack, const struct path_answer *answer)
{
    ProtobufCMessage *message;

    if (answer->is_error_frame || message_unpack_trusted(&comity__v1__welcome__descriptor, answer->packed,
                                                         attack->path.arena, &message) != 0)
        return true;
    const Comity__V1__Welcome *welcome = (const Comity__V1__Welcome *) message;
    return welcome->n_grants == 1 && welcome->grants[0]->code != 0;
}

static void take_answer(void *context, void *tag, const struct path_answer *answer)
{
    struct attack *attack = context;
    const struct flight *flight = tag;
    struct tally *tally = flight->tally;
    bool is_right;

    if (flight->ret_answer) {
        *flight->ret_answer = *answer;
        flight->ret_answer->packed = arena_bytes(attack->forge.arena, answer->packed);
    }

    if (flight->wanted && flight->wanted->was_ordered)
        is_right = bytes_equal(answer->packed, flight->wanted->packed);
    else if (flight->wanted)
        is_right = answer->code == flight->wanted->code;
    else if (flight->is_grant)
        is_right = grant_is_refused(attack, answer);
    else
        is_right = answer->code != 0;
    if (tally && !is_right)
        tally->accepted++;
    if (tally && answer->code < 0 && -answer->code < CODES_MAX)
        tally->by_code[-answer->code]++;
    if (!is_right)
        complain(attack, flight, answer);
}

static struct flight *take_off(struct attack *attack, struct tally *tally, const struct sent *wanted)
{
    struct flight *flight = &attack->flights[attack->flight++ % ARRAY_COUNT(attack->flights)];

    *flight = (struct flight){.tally = tally, .wanted = wanted};
    if (tally)
        tally->tried++;
    return flight;
}

static struct tally *tally_of(struct attack *attack, const char *name)
{
    for (size_t i = 0; i < attack->tally_count; i++)
        if (attack->tallies[i].name == name)
            return &attack->tallies[i];
    path_need(attack->tally_count < KINDS_MAX, "too many kinds");
    attack->tallies[attack->tally_count].name = name;
    return &attack->tallies[attack->tally_count++];
}

static void send_forged(struct attack *attack, const char *name, const struct forged *forged,
                        struct path_answer *ret_answer)
{
    struct path *path = &attack->path;
    struct flight *flight = take_off(attack, tally_of(attack, name), forged->again);
    struct bytes frame = forged->frame;

    flight->ret_answer = ret_answer;
    if (!frame.data) {
        uint8_t hash[HASH_SIZE];
        const uint8_t *history = forged->history ? forged->history : attack->forge.base->command.history;

        crypto_hash_sha256(hash, forged->command.data, forged->command.size);
        struct frame_header header =
            path_header(path, FRAME_REQUEST, history, forged->id ? forged->id : hash);
        frame = path_frame(path, &header, forged->plain, attack->forge.arena);
    }
    path_send(path, frame, flight);
}

static void forge_each(struct attack *attack, const struct forge_kind *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned time = 0; time < kinds[i].times; time++) {
            struct forged forged = {.plain = {NULL, 0}};

            arena_reset(attack->forge.arena);
            if (!kinds[i].make(&attack->forge, &forged))
                break;
            send_forged(attack, kinds[i].name, &forged, NULL);
        }
    }
}

/* Its twin, after it was taken. */
static void equivocate(struct attack *attack)
{
    struct forged forged = {.plain = {NULL, 0}};

    arena_reset(attack->forge.arena);
    if (!forge_equivocation(&attack->forge, &forged))
        return;
    send_forged(attack, TWO_BALLOTS, &forged, NULL);
    path_flush(&attack->path);
}

/* Whoever is nobody here learns nothing: the answer is the same, to the byte, whether there is such a history, and in it
 * what the command names, or not. */
static void ask_as_a_stranger(struct attack *attack)
{
    bool redeems = attack->forge.base->command.body->body_case == COMITY__V1__COMMAND__BODY_REDEEM;
    struct path_answer here = {.code = 0}, elsewhere = {.code = 0};
    struct forged forged = {.plain = {NULL, 0}};
    uint64_t draw = forge_random(&attack->forge);

    arena_reset(attack->forge.arena);
    if (!forge_stranger(&attack->forge, draw, true, &forged))
        return;
    send_forged(attack, redeems ? STRANGER_REDEEMS : "a stranger: here", &forged, &here);
    forged = (struct forged){.plain = {NULL, 0}};
    forge_stranger(&attack->forge, draw, false, &forged);
    send_forged(attack, redeems ? "a stranger redeems: elsewhere" : "a stranger: elsewhere", &forged, &elsewhere);
    if (!here.was_ordered && !elsewhere.was_ordered && here.packed.size > 0 && bytes_equal(here.packed, elsewhere.packed))
        return;
    attack->wrong++;
    attack->told_to[redeems]++;
    fprintf(stderr, "command %zu: a stranger can tell: %s %s, %s %s\n", attack->forge.at, error_name(here.code),
            here.field, error_name(elsewhere.code), elsewhere.field);
}

/* One honest command, with what the adversary makes of it before and after. */
static void step(struct attack *attack, size_t at)
{
    const struct sent *sent = &attack->traffic->sent[at];
    struct forge *forge = &attack->forge;

    forge->at = at;
    forge->base = sent;
    attack->path.now_ms = sent->time_ms;
    forge_each(attack, FORGE_OUTSIDE, FORGE_OUTSIDE_COUNT);
    forge_each(attack, FORGE_INSIDE, FORGE_INSIDE_COUNT);
    ask_as_a_stranger(attack);
    arena_reset(forge->arena);
    if (at % GRANT_EVERY == 0) {
        struct tally *tally = tally_of(attack, "leave to read");
        struct flight *flight = take_off(attack, tally, NULL);
        flight->is_grant = true;
        tally->tried += forge_grants(forge, flight);
        tally->tried--;
    }
    path_flush(&attack->path);
    arena_reset(forge->arena);
    path_send(&attack->path, traffic_frame(&attack->path, sent, forge->arena), take_off(attack, NULL, sent));
    path_flush(&attack->path);
    forge->is_stale = forge->is_stale || sent->code == 0;
    equivocate(attack);
}

/* Is the record the one of the honest traffic? */
static bool record_is_honest(struct attack *attack)
{
    struct traffic *traffic = attack->traffic;
    struct bytes *events;
    uint64_t count = traffic_events(&attack->path, traffic->history, traffic->arena, &events);

    if (count != traffic->event_count) {
        fprintf(stderr, "%llu events in place of %llu\n", (unsigned long long) count,
                (unsigned long long) traffic->event_count);
        return false;
    }
    for (uint64_t i = 0; i < count; i++)
        if (!bytes_equal(events[i], traffic->events[i])) {
            fprintf(stderr, "event %llu is another\n", (unsigned long long) i + 1);
            return false;
        }
    return true;
}

static unsigned long report(const struct attack *attack, unsigned long *ret_accepted)
{
    unsigned long tried = 0;

    *ret_accepted = 0;
    for (size_t i = 0; i < attack->tally_count; i++) {
        const struct tally *tally = &attack->tallies[i];

        printf("%-34s %7lu tried, %lu accepted", tally->name, tally->tried, tally->accepted);
        for (int code = 1; code < CODES_MAX; code++)
            if (tally->by_code[code] > 0)
                printf(", %s %lu", error_name(-code), tally->by_code[code]);
        printf("\n");
        tried += tally->tried;
        *ret_accepted += tally->accepted;
    }
    return tried;
}

/* What has to have stopped a kind somewhere; and without which defence it passes. */
static const struct {
    const char *name;
    int code;
    const char *without;
} STOPPED[] = {
    {"signature: a bit", ERR_SIGNATURE, "signatures"},
    {"without the right", ERR_FORBIDDEN, "rights"},
    {"replayed", 0, "identity"},
    {"by a revoked key", ERR_KEY_REVOKED, "roll"},
    {"leave to read", 0, "roll"},
    {"text: altered", ERR_TEXT, "texts"},
    {TWO_BALLOTS, ERR_STALE, NULL},
    {"ballot: off the roll", ERR_NOT_ON_ROLL, NULL},
    {"of another epoch", ERR_BEHIND, NULL},
    {"expired", ERR_VALIDITY, NULL},
    {"sealed: a bit", ERR_SEAL, NULL},
    {STRANGER_REDEEMS, ERR_INVITATION, NULL},
    {STRANGER_REDEEMS, ERR_SIGNATURE, NULL},
};

static const struct tally *tally_find(const struct attack *attack, const char *name)
{
    for (size_t i = 0; i < attack->tally_count; i++)
        if (strcmp(attack->tallies[i].name, name) == 0)
            return &attack->tallies[i];
    return NULL;
}

/* Nearly every kind has been tried (of some there is little in a play: ballots on paper), and what is to stop some of
 * them has. */
static bool is_thorough(const struct attack *attack)
{
    unsigned long tried = 0;
    unsigned missing = 0;

    for (size_t i = 0; i < attack->tally_count; i++)
        tried += attack->tallies[i].tried;
    bool is_good = tried >= NEEDED;

    for (size_t i = 0; i < FORGE_OUTSIDE_COUNT + FORGE_INSIDE_COUNT; i++) {
        const char *name =
            i < FORGE_OUTSIDE_COUNT ? FORGE_OUTSIDE[i].name : FORGE_INSIDE[i - FORGE_OUTSIDE_COUNT].name;
        if (tally_find(attack, name))
            continue;
        printf("%s: this traffic had nothing to forge\n", name);
        is_good = is_good && ++missing <= MISSING_MAX;
    }
    for (size_t i = 0; i < ARRAY_COUNT(STOPPED); i++) {
        const struct tally *tally = tally_find(attack, STOPPED[i].name);
        if (STOPPED[i].code == 0 || (tally && tally->by_code[-STOPPED[i].code] > 0))
            continue;
        fprintf(stderr, "%s: nothing was refused as %s\n", STOPPED[i].name, error_name(STOPPED[i].code));
        is_good = false;
    }
    return is_good;
}

/* A control: does the kind pass that the defence was there for? */
static bool is_noticed(const struct attack *attack, const char *without)
{
    if (strcmp(without, "sameness") == 0)
        return attack->told_to[false] > 0 && attack->told_to[true] > 0;
    for (size_t i = 0; i < ARRAY_COUNT(STOPPED); i++)
        if (STOPPED[i].without && strcmp(STOPPED[i].without, without) == 0 &&
            tally_find(attack, STOPPED[i].name) && tally_find(attack, STOPPED[i].name)->accepted > 0)
            return true;
    return false;
}

/* Was the last play what it has to be? */
static bool is_honest_play(struct attack *attack, uint64_t seed)
{
    unsigned long accepted;
    unsigned long tried = report(attack, &accepted);
    bool is_honest = record_is_honest(attack);

    printf("%lu forgeries so far, the last of %zu commands, %llu events, seed %llu: %lu accepted, %lu wrong answers, the "
           "record is %s\n",
           tried, attack->traffic->count, (unsigned long long) attack->traffic->event_count,
           (unsigned long long) seed, accepted, attack->wrong, is_honest ? "the honest one" : "ANOTHER");
    return attack->wrong == 0 && is_honest;
}

static uint64_t number_of(const char *name, uint64_t preset)
{
    const char *given = getenv(name);

    return given && *given ? strtoull(given, NULL, 10) : preset;
}

static bool attack_play(struct attack *attack, uint64_t seed, size_t honest, const char *without)
{
    printf("seed %llu\n", (unsigned long long) seed);
    fflush(stdout);
    attack->traffic = traffic_play(seed, honest);
    path_need(!without || defence_take_away(without), "there is no such defence");
    path_begin(&attack->path, attack->traffic->sent[0].time_ms, take_answer, attack);
    attack->forge = (struct forge){.path = &attack->path,
                                   .traffic = attack->traffic,
                                   .random = seed ^ 0xadULL,
                                   .arena = arena_new(FORGE_BYTES),
                                   .is_stale = true};
    path_need(attack->forge.arena != NULL, "no memory");
    for (size_t at = 0; at < honest && !(without && is_noticed(attack, without)); at++)
        step(attack, at);
    bool is_honest = is_honest_play(attack, seed);
    path_end(&attack->path);
    defence_give_back();
    arena_destroy(&attack->forge.arena);
    traffic_destroy(&attack->traffic);
    return is_honest;
}

static int attack_all(struct attack *attack, uint64_t seed, size_t honest, const char *without)
{
    for (unsigned play = 0; play < PLAYS_MAX; play++) {
        bool is_honest = attack_play(attack, seed + play, honest, without);
        if (without && is_noticed(attack, without)) {
            printf("without %s: noticed\n", without);
            return 0;
        }
        if (!without && !is_honest)
            return 1;
        if (!without && is_thorough(attack))
            return 0;
    }
    if (without)
        printf("without %s: NOT NOTICED\n", without);
    return 1;
}

int main(int count, char **words)
{
    uint64_t seed = number_of("COMITY_SEED", (uint64_t) time(NULL));
    size_t honest = HONEST * (number_of("COMITY_LONG", 0) ? LONG : 1);
    const char *without = count == 3 && strcmp(words[1], "--without") == 0 ? words[2] : NULL;
    struct attack *attack = calloc(1, sizeof(*attack));

    path_need(count == 1 || without, "usage: forgeries [--without DEFENCE]");
    path_need(attack != NULL, "no memory");
    int status = attack_all(attack, seed, honest, without);
    free(attack);
    return status;
}
