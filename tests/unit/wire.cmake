# SPDX-License-Identifier: GPL-3.0-or-later
foreach(surface utf8 frame parts request)
    gatehouse_add_test(unit wire_${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}test.cpp LINKS gatehouse_wire)
endforeach()
if(NOT GATEHOUSE_SANITIZE MATCHES thread) # it counts in an operator new of its own, which hides Qt from tsan.supp
    gatehouse_add_test(unit wire_allocations SOURCES wireallocationstest.cpp LINKS gatehouse_wire)
endif()
gatehouse_add_test(unit wire_deflate_offer SOURCES deflateoffertest.cpp LINKS gatehouse_wire)
gatehouse_add_test(unit wire_deflate SOURCES ${CMAKE_CURRENT_LIST_DIR}/deflatetest.cpp LINKS gatehouse_wire ZLIB::ZLIB)
