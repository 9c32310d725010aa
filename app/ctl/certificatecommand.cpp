// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/certificatecommand.h"

#include "common/exitcodes.h"
#include "ctl/output.h"
#include "ctl/terminaltext.h"
#include "setup/certificatestatus.h"

#include <ostream>

namespace gatehouse::ctl {

int certificateStatus(const Invocation& invocation, const Policy& policy, std::ostream& out, std::ostream& error)
{
    CertificateList list;
    int code = exitOk;
    for (const Listener& listener : policy.listeners) {
        if (!listener.tls)
            continue;
        auto status = gatehouse::certificateStatus(listener, SystemClock().wall());
        if (status) {
            list.certificates.push_back(std::move(*status));
        } else {
            error << "gatehousectl: listener " << escaped(listener.name + ": " + status.error()) << '\n';
            code = exitFailure;
        }
    }
    const Answer answer = std::move(list);
    out << (invocation.json ? jsonText(answer) : humanText(answer));
    return code;
}

} // namespace gatehouse::ctl
