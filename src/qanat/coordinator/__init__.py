"""Makes runs happen: plans them, takes their steps, publishes them, recovers them.

Every step is a transaction on the run's row that any server may take. Memory only proposes.
"""

from qanat.coordinator.coordinator import Coordinator

__all__ = ["Coordinator"]
