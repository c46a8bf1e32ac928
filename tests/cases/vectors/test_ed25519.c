/* Ed25519 signatures of C2SP/wycheproof, valid and invalid. */
#include "vectors.h"

static void test_wycheproof(void **state)
{
    (void) state;
    char path[512];
    json_object *file = vectors_load(vectors_path("wycheproof/ed25519_test.json", path, sizeof(path)));
    json_object *groups = member(file, "testGroups");
    unsigned valid = 0, invalid = 0;
    for (size_t g = 0; g < json_object_array_length(groups); g++) {
        json_object *group = json_object_array_get_idx(groups, g);
        static uint8_t key[VECTOR_BYTES_MAX], message[VECTOR_BYTES_MAX], signature[VECTOR_BYTES_MAX];
        struct bytes public_key = hex_of(member(member(group, "publicKey"), "pk"), key);
        assert_int_equal(public_key.size, KEY_SIZE);
        json_object *tests = member(group, "tests");
        for (size_t t = 0; t < json_object_array_length(tests); t++) {
            json_object *test = json_object_array_get_idx(tests, t);
            const char *result = text_of(test, "result");
            bool is_valid = strcmp(result, "valid") == 0;
            assert_true(is_valid || strcmp(result, "invalid") == 0);
            int code = signature_check_raw(public_key.data, hex_of(member(test, "msg"), message),
                                           hex_of(member(test, "sig"), signature));
            if (code != (is_valid ? 0 : ERR_SIGNATURE))
                fail_msg("tcId %d (%s): %s, but it is %s", json_object_get_int(member(test, "tcId")),
                         text_of(test, "comment"), error_name(code), result);
            valid += is_valid ? 1 : 0;
            invalid += is_valid ? 0 : 1;
        }
    }
    assert_int_equal(valid + invalid, json_object_get_int(member(file, "numberOfTests")));
    print_message("wycheproof: %u valid signatures accepted, %u invalid ones refused\n", valid, invalid);
    json_object_put(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wycheproof),
    };
    return cmocka_run_group_tests(tests, vectors_setup, NULL);
}
