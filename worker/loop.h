/* The loop: the only user of ZeroMQ in the worker. One thread, one DEALER a broker; it takes messages in,
 * hands them to the pool, sends what the pool and the writer answered, spreads the news, and keeps the
 * brokers informed. */
#ifndef COMITY_WORKER_LOOP_H
#define COMITY_WORKER_LOOP_H

#include "worker/service.h"
#include "worker/settings.h"

/* SIGHUP: new settings, or NULL to keep the old ones. What is not the loop's is applied by the callee; the
 * settings stay valid until the next call or the loop's end. */
typedef const struct worker_settings *loop_reload_fn(void *context);

struct loop_options {
    struct service *service;
    const struct worker_settings *settings;
    int signal_fd; /* of process_signals_open */
    loop_reload_fn *reload;
    void *context;
};

struct loop;

/* 0, ERR_ADDRESS (*ret_broker names the broker), ERR_MEMORY. */
int loop_new(const struct loop_options *options, struct loop **ret_loop, const char **ret_broker);
void loop_destroy(struct loop **loop);

/* Run until SIGTERM or SIGINT, then finish what is in hand and take leave of the brokers. 0; ERR_TIMEOUT:
 * drain_ms passed with something in hand; ERR_INTERNAL. */
int loop_run(struct loop *loop);

#endif
