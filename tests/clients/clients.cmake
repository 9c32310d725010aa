# SPDX-License-Identifier: GPL-3.0-or-later
# Clients that we did not write, against the programs as they are built here. Debian's python3 has the websockets module.
function(gatehouse_add_client_test name script)
    add_test(NAME clients.${name} COMMAND /usr/bin/python3 ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${script} ${ARGN})
    set_tests_properties(clients.${name} PROPERTIES LABELS clients TIMEOUT 180
        ENVIRONMENT "GATEHOUSE_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};PYTHONDONTWRITEBYTECODE=1")
endfunction()

gatehouse_add_client_test(python exchangetest.py python)
gatehouse_add_client_test(node exchangetest.py node)
gatehouse_add_client_test(browser browsertest.py)
gatehouse_add_client_test(limits limitstest.py)
gatehouse_add_client_test(tokens tokentest.py)
gatehouse_add_client_test(policy policytest.py)
gatehouse_add_client_test(remote remotetest.py)
gatehouse_add_client_test(measures measurestest.py)
gatehouse_add_client_test(metrics metricstest.py)
gatehouse_add_client_test(autobahn autobahntest.py)
gatehouse_add_client_test(programs programstest.py)
gatehouse_add_client_test(readme readmetest.py)
gatehouse_add_client_test(gateway gatewaytest.py)
gatehouse_add_client_test(mosquitto mosquittotest.py)
gatehouse_add_client_test(nginx nginxtest.py)
gatehouse_add_client_test(gateway_sessions gatewaysessions.py 200) # without an argument 5,000
gatehouse_add_client_test(guide guidetest.py)
gatehouse_add_client_test(centrifuge centrifugetest.py)
gatehouse_add_client_test(centrifuge_browser centrifugebrowsertest.py)
gatehouse_add_client_test(hub_guide hubguidetest.py)

# One channel for many, as tests/bench measures it, but small: every publication to everybody, in one order.
add_test(NAME clients.fanout COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/bench/fanout --subscribers 100 --seconds 3
    --bin ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(clients.fanout PROPERTIES LABELS clients TIMEOUT 180)
