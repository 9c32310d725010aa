# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's python3, whatever else the PATH holds.
function(gatehouse_add_script_test name script)
    add_test(NAME unit.${name} COMMAND /usr/bin/python3 ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/structure/${script} ${ARGN})
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 60)
endfunction()

get_target_property(qt_includes Qt6::Core INTERFACE_INCLUDE_DIRECTORIES)
list(JOIN qt_includes ":" qt_includes)
gatehouse_add_script_test(structure structuretest.py ${PROJECT_SOURCE_DIR} "${qt_includes}")
gatehouse_add_script_test(scripts scriptstest.py ${PROJECT_SOURCE_DIR})
if(GATEHOUSE_UI)
    gatehouse_add_script_test(manual mantest.py ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/packaging/man)
endif()
