using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Listeners;

/// <summary>Extensions of Kestrel for the proxy server and the admin server.</summary>
internal static class KestrelVocabulary
{
    extension(KestrelServerOptions kestrel)
    {
        /// <summary>Listens on one address, or on all addresses.</summary>
        public void ListenOn(IPAddress address, int port, Action<ListenOptions> configure)
        {
            // ListenAnyIP uses dual mode, and IPv4 alone if the node has no IPv6. It cannot pick a free port, so port 0 needs an address.
            if (address.Equals(IPAddress.IPv6Any) && port != 0)
                kestrel.ListenAnyIP(port, configure);
            else
                kestrel.Listen(address, port, configure);
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Returns the port that a started server listens on.</summary>
        public int BoundPort(string scheme) =>
            new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
                .Addresses.First(address => address.StartsWith($"{scheme}:", StringComparison.Ordinal))).Port;
    }
}
