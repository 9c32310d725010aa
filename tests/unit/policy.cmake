# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit policy_decide SOURCES ${CMAKE_CURRENT_LIST_DIR}/policydecidetest.cpp LINKS gatehouse_policy)
gatehouse_add_test(unit ratebucket SOURCES ${CMAKE_CURRENT_LIST_DIR}/ratebuckettest.cpp
    LINKS gatehouse_policy Threads::Threads)
gatehouse_add_test(unit auth_token SOURCES ${CMAKE_CURRENT_LIST_DIR}/authtokentest.cpp
    LINKS gatehouse_auth gatehouse_policy)
gatehouse_add_test(unit policy_load SOURCES ${CMAKE_CURRENT_LIST_DIR}/policyloadtest.cpp
    LINKS gatehouse_policy gatehouse_test_support TIMEOUT 300)
gatehouse_add_test(unit policy_gateway SOURCES ${CMAKE_CURRENT_LIST_DIR}/policygatewaytest.cpp
    LINKS gatehouse_policy gatehouse_test_support TIMEOUT 120)
gatehouse_add_test(unit policy_hub SOURCES ${CMAKE_CURRENT_LIST_DIR}/policyhubtest.cpp
    LINKS gatehouse_policy gatehouse_test_support TIMEOUT 120)
gatehouse_add_test(unit close_codes SOURCES ${CMAKE_CURRENT_LIST_DIR}/closecodestest.cpp LINKS gatehouse_policy)
gatehouse_add_test(unit upstream_target SOURCES ${CMAKE_CURRENT_LIST_DIR}/upstreamtargettest.cpp
    LINKS gatehouse_policy)
gatehouse_add_test(unit policy_input SOURCES ${CMAKE_CURRENT_LIST_DIR}/policyinputtest.cpp
    LINKS gatehouse_policy gatehouse_test_support TIMEOUT 300)
gatehouse_add_test(unit setup_init SOURCES ${CMAKE_CURRENT_LIST_DIR}/setupinittest.cpp
    LINKS gatehouse_setup gatehouse_policy OpenSSL::Crypto)
