// The mistake: neutropenia, thrombocytopenia and rash take turns together. Each alternates by itself (L14, L17, L24).
// To be named: ANC-04 ANC-05 ANC-06 PLT-03 PLT-04 PLT-06 PLT-07 PLT-08 RASH-01 RASH-04 RASH-05 RASH-06 B-FAMILY

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  turnsTaken(family) {
    const others = ["neutrophils", "platelets", "rash"].filter((other) => other !== family);
    return others.reduce((sum, other) => sum + this.past[other], this.past[family]);
  }
}

serve(() => new Faulty());
