module stun-operator.io/e2e/cluster/tools/pause

go 1.25.0
