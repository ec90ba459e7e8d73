using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>For tests in which nothing is to time out, so that a busy machine may take its time.</summary>
public class PatientFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options) => options with
    {
        Upstream = options.Upstream with { ConnectTimeout = TimeSpan.FromSeconds(15), ReadTimeout = TimeSpan.FromSeconds(20) },
    };
}
