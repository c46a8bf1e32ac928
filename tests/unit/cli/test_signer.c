/* What a run with a key in it does beforehand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "client/cli/signer.h"

/* Neither into a file nor to a handler that the kernel pipes dumps to, for which the limit says nothing. */
static void no_dump_is_left(void **state)
{
    struct rlimit limit;

    (void) state;
    signer_forbid_dumps();
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_dump_is_left)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
