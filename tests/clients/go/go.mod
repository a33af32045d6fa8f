module qanat/tests/clients/go

go 1.22

require github.com/duneanalytics/duneapi-client-go v0.4.6
