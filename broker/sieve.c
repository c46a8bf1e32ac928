#include "broker/sieve.h"

#include <linux/filter.h>
#include <sys/socket.h>

enum {
    AT_VERSION = SKF_NET_OFF, /* offsets from the IP header */
    AT_IPV4_SOURCE = SKF_NET_OFF + 12,
    AT_IPV6_SOURCE = SKF_NET_OFF + 8,
    AT_MAPPED = 12, /* in an address: of IPv4 what is behind the prefix */
    HEAD_STEPS = 3,
    ROW_STEPS_MOST = 5,
    STEPS_MOST = HEAD_STEPS + 1 + SIEVE_MOST * ROW_STEPS_MOST + 2 + SIEVE_MOST * 2,
};

struct program {
    struct sock_filter steps[STEPS_MOST];
    unsigned short count;
};

void sieve_init(struct sieve *sieve)
{
    *sieve = (struct sieve){.fd = -1};
}

void sieve_listen(struct sieve *sieve, int fd)
{
    sieve->fd = fd;
}

/* The program. */

static void step(struct program *program, uint16_t code, uint32_t value)
{
    program->steps[program->count++] = (struct sock_filter)BPF_STMT(code, value);
}

/* Go on with the next step if the word loaded is @value, else pass over so many. */
static void step_if(struct program *program, uint32_t value, uint8_t else_over)
{
    program->steps[program->count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, else_over);
}

static void load_word(struct program *program, int at)
{
    step(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t) at);
}

static void drop(struct program *program)
{
    step(program, BPF_RET | BPF_K, 0);
}

static void keep(struct program *program)
{
    step(program, BPF_RET | BPF_K, UINT32_MAX);
}

static void write_ipv4(const struct sieve *sieve, struct program *program)
{
    load_word(program, AT_IPV4_SOURCE);
    for (size_t i = 0; i < sieve->count; i++) {
        if (!address_is_ipv4(&sieve->rows[i].address))
            continue;
        step_if(program, get_u32(sieve->rows[i].address.bytes + AT_MAPPED), 1);
        drop(program);
    }
    keep(program);
}

/* By the first 64 bits, as addresses are counted. */
static void write_ipv6(const struct sieve *sieve, struct program *program)
{
    for (size_t i = 0; i < sieve->count; i++) {
        const struct address *address = &sieve->rows[i].address;
        if (address_is_ipv4(address))
            continue;
        load_word(program, AT_IPV6_SOURCE);
        step_if(program, get_u32(address->bytes), 3);
        load_word(program, AT_IPV6_SOURCE + 4);
        step_if(program, get_u32(address->bytes + 4), 1);
        drop(program);
    }
    keep(program);
}

static void attach(const struct sieve *sieve)
{
    struct program program = {.count = 0}, of_ipv4 = {.count = 0};
    if (sieve->fd < 0)
        return;
    if (sieve->count == 0) {
        const int nothing = 0;
        setsockopt(sieve->fd, SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof(nothing));
        return;
    }
    write_ipv4(sieve, &of_ipv4);
    step(&program, BPF_LD | BPF_B | BPF_ABS, (uint32_t) AT_VERSION);
    step(&program, BPF_ALU | BPF_RSH | BPF_K, 4);
    /* Over more steps than a conditional jump can pass. */
    program.steps[program.count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 1, 0);
    step(&program, BPF_JMP | BPF_JA, of_ipv4.count);
    memcpy(program.steps + program.count, of_ipv4.steps, of_ipv4.count * sizeof(of_ipv4.steps[0]));
    program.count = (unsigned short) (program.count + of_ipv4.count);
    write_ipv6(sieve, &program);
    const struct sock_fprog whole = {.len = program.count, .filter = program.steps};
    /* Where it cannot be had, what comes is cut one by one. */
    setsockopt(sieve->fd, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof(whole));
}

/* Addresses. */

void sieve_add(struct sieve *sieve, const struct address *address, int64_t now_ms)
{
    for (size_t i = 0; i < sieve->count; i++) {
        if (address_equal(&sieve->rows[i].address, address))
            return;
    }
    if (sieve->count == SIEVE_MOST)
        return;
    sieve->rows[sieve->count].address = *address;
    sieve->rows[sieve->count++].until_ms = now_ms + SIEVE_MS;
    attach(sieve);
}

void sieve_tick(struct sieve *sieve, int64_t now_ms)
{
    size_t over = 0;
    while (over < sieve->count && sieve->rows[over].until_ms <= now_ms)
        over++;
    if (over == 0)
        return;
    sieve->count -= over;
    memmove(sieve->rows, sieve->rows + over, sieve->count * sizeof(sieve->rows[0]));
    attach(sieve);
}

int64_t sieve_due_ms(const struct sieve *sieve)
{
    return sieve->count > 0 ? sieve->rows[0].until_ms : INT64_MAX;
}
