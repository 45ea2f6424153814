// The mistake: "the original dose" (L13, L16, L18, L23) is read as the dose at the start. It is the one before the hold.
// To be named: B-ORIGINAL ANC-05 PLT-03 PLT-07 PN-03 RASH-05 OTH-04 B-ALT-OTHER

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  resume(drug) {
    if (drug.owed === 0) drug.step = drug.firstStep;
    super.resume(drug);
  }
}

serve(() => new Faulty());
