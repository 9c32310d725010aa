# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's python3, whatever else the PATH holds.
get_target_property(qt_includes Qt6::Core INTERFACE_INCLUDE_DIRECTORIES)
add_test(NAME unit.structure
    COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/structure/structuretest.py ${PROJECT_SOURCE_DIR} "${qt_includes}")
set_tests_properties(unit.structure PROPERTIES LABELS unit TIMEOUT 60)
