"""Events from SDTM data sets, as SAS transport files hold them."""
