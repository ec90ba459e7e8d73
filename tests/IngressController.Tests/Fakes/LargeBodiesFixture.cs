using IngressController.Configuration;
using IngressController.Routing.Features.Bodies;

namespace IngressController.Tests.Fakes;

/// <summary>A controller that takes request bodies of any size.</summary>
public sealed class LargeBodiesFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        var configured = base.Configure(options);
        var global = configured.Translation.Global.With(new BodySettings { ProxyBodySize = 0 });
        return configured with { Translation = configured.Translation with { Global = global } };
    }
}
