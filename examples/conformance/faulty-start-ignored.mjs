// The mistake: two reductions are counted from wherever ixazomib started. From 3 mg only one is left (L10, L11, L28).
// To be named: ANC-07 PLT-09 PN-04 PN-08 RASH-07 OTH-05 B-START3

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  spent() {
    return this.ixazomib.reductions >= 2;
  }
}

serve(() => new Faulty());
