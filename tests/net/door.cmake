# SPDX-License-Identifier: GPL-3.0-or-later
# Who may come in, through sockets: addresses and proxies, subprotocols and roles, the places of a token, one-time tokens.
foreach(surface entry proxy why)
    gatehouse_add_test(net door_${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/door/${surface}test.cpp
        LINKS gatehouse_test_faults OpenSSL::SSL TIMEOUT 120)
endforeach()
gatehouse_add_test(net door_firstmessage SOURCES ${CMAKE_CURRENT_LIST_DIR}/door/firstmessagetest.cpp
    LINKS gatehouse_test_faults TIMEOUT 120)
gatehouse_add_test(net door_claims SOURCES ${CMAKE_CURRENT_LIST_DIR}/door/claimstest.cpp
    LINKS gatehouse_test_net gatehouse_hub gatehouse_auth TIMEOUT 120)
gatehouse_add_test(net door_limits SOURCES ${CMAKE_CURRENT_LIST_DIR}/door/limitstest.cpp
    LINKS gatehouse_test_net TIMEOUT 180)
gatehouse_add_test(net door_certificate SOURCES ${CMAKE_CURRENT_LIST_DIR}/door/certificatetest.cpp
    LINKS gatehouse_test_net OpenSSL::SSL TIMEOUT 120)
