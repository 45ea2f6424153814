"""Events from the SDTM data sets of a study (`read_sdtm`), and its doses against those due (`compare_doses`)."""

from ixastate.exchange.sdtm.doses import compare_doses as compare_doses
from ixastate.exchange.sdtm.read import read_sdtm as read_sdtm
from ixastate.exchange.sdtm.report import ImportReport as ImportReport
