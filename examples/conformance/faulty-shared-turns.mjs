// The mistake: the toxicities take turns together; whichever drug was lowered last, the other one is next. Neutropenia,
// thrombocytopenia and rash alternate each by itself (L14, L17, L24).
// To be named: ANC-04 ANC-05 ANC-06 PLT-03 PLT-04 PLT-06 PLT-07 PLT-08 RASH-04 RASH-05 RASH-06 B-FAMILY

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  loweredLast = null;

  turn(family) {
    if (!this.loweredLast || !this.open.has(family)) return super.turn(family);
    return this.loweredLast === this.ixazomib ? this.lenalidomide : this.ixazomib;
  }

  lower(drug, levels) {
    if (levels > 0) this.loweredLast = drug;
    super.lower(drug, levels);
  }
}

serve(() => new Faulty());
