"""Events from the SDTM data sets of a study, as SAS transport files hold them (`read_sdtm`)."""

from ixastate.exchange.sdtm.read import read_sdtm as read_sdtm
from ixastate.exchange.sdtm.study import ImportReport as ImportReport
