// The mistake: "the original dose" (L13, L16, L18, L23) is read as the dose at the start. It is the one before the hold.
// To be named: B-LENFLOOR ANC-05 ANC-06 PLT-03 PLT-07 PLT-08 PN-03 RASH-05 RASH-06 OTH-04 B-ORIGINAL

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  resume(drug) {
    if (drug.owed === 0) drug.step = drug.firstStep;
    super.resume(drug);
  }
}

serve(() => new Faulty());
