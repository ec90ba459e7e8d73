using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Listeners;

/// <summary>What the proxy's server and the admin server both say to Kestrel.</summary>
internal static class KestrelVocabulary
{
    extension(KestrelServerOptions kestrel)
    {
        /// <summary>Listens on one address, or on all of them.</summary>
        public void ListenOn(IPAddress address, int port, Action<ListenOptions> configure)
        {
            // All means dual mode, with a fall back to IPv4 where the node has no IPv6; it cannot pick a free port, so 0 needs an address.
            if (address.Equals(IPAddress.IPv6Any) && port != 0)
                kestrel.ListenAnyIP(port, configure);
            else
                kestrel.Listen(address, port, configure);
        }
    }

    extension(WebApplication app)
    {
        /// <summary>The port a started server listens on.</summary>
        public int BoundPort(string scheme) =>
            new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
                .Addresses.First(address => address.StartsWith($"{scheme}:", StringComparison.Ordinal))).Port;
    }
}
