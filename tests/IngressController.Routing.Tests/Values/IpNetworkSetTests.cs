using System.Net;

namespace IngressController.Routing.Tests.Values;

public sealed class IpNetworkSetTests
{
    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4", true)]
    [InlineData("1.2.3.4", "1.2.3.5", false)]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("10.0.0.0/8", "9.255.255.255", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1", true)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "1.2.3.4", false)]
    [InlineData("::/0", "::ffff:1.2.3.4", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8::/32", "2001:db9::", false)]
    [InlineData("2001:DB8::1", "2001:db8::1", true)]
    [InlineData("fe80::/10", "fe80::1%3", true)]
    [InlineData("10.1.2.3/8", "10.200.0.1", true)]
    [InlineData("10.0.0.0/8,10.1.0.0/16", "10.2.0.0", true)]
    [InlineData("10.1.0.0/16,10.2.0.0/16", "10.3.0.0", false)]
    [InlineData("10.0.0.4/31", "10.0.0.5", true)]
    [InlineData("10.0.0.4/31", "10.0.0.6", false)]
    public void An_address_is_found_in_its_networks(string networks, string address, bool isIn) =>
        Assert.Equal(isIn, Parse(networks).Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData(" 10.1.2.3/8 , 1.2.3.4,", "1.2.3.4/32,10.0.0.0/8")]
    [InlineData("2001:db8::1/32,,1.2.3.4,1.2.3.4", "1.2.3.4/32,2001:db8::/32")]
    [InlineData("::ffff:10.0.0.0/104,10.0.0.0/8", "10.0.0.0/8")]
    public void A_list_is_put_in_order_and_masked(string csv, string expected) => Assert.Equal(expected, Parse(csv).ToString());

    [Theory]
    [InlineData("10.0.0.0/33", "10.0.0.0/33")]
    [InlineData("::/129", "::/129")]
    [InlineData("10.0.0.0/", "10.0.0.0/")]
    [InlineData("10.0.0.0/+8", "10.0.0.0/+8")]
    [InlineData("10.0.0.0/-1", "10.0.0.0/-1")]
    [InlineData("10.0.0.0/8/8", "10.0.0.0/8/8")]
    [InlineData("10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0")]
    [InlineData("/8", "/8")]
    [InlineData("10", "10")]
    [InlineData("10.1", "10.1")]
    [InlineData("010.0.0.1", "010.0.0.1")]
    [InlineData("0x0a.0.0.1", "0x0a.0.0.1")]
    [InlineData("1.2.3.4.5", "1.2.3.4.5")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("fe80::1%eth0", "fe80::1%eth0")]
    [InlineData("1.2.3.4;5.6.7.8", "1.2.3.4;5.6.7.8")]
    [InlineData("1.2.3.4 5.6.7.8", "1.2.3.4 5.6.7.8")]
    [InlineData("1.2.3.4,all", "all")]
    [InlineData("", "no IP address")]
    [InlineData(" , ", "no IP address")]
    public void An_invalid_network_is_refused(string csv, string named)
    {
        Assert.False(IpNetworkSet.TryParse(csv, out var set, out var problem));
        Assert.Null(set);
        Assert.Contains(named, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Sets_compare_by_value()
    {
        var set = Parse("10.0.0.0/8,1.2.3.4");
        Assert.Equal(set, Parse("1.2.3.4,10.9.9.9/8"));
        Assert.Equal(set.GetHashCode(), Parse("1.2.3.4,10.9.9.9/8").GetHashCode());
        Assert.NotEqual(set, Parse("1.2.3.4"));
        Assert.Equal(IpNetworkSet.Empty, new IpNetworkSet([]));
        Assert.False(IpNetworkSet.Empty.Contains(IPAddress.Loopback));
    }

    [Fact]
    public void A_set_agrees_with_a_scan_of_its_networks()
    {
        var random = new Random(7);
        var networks = Enumerable.Range(0, 5000).Select(i => Network(random, isV4: i % 2 == 0)).ToArray();
        var set = Parse(string.Join(',', networks));
        for (var i = 0; i < 2000; i++)
        {
            var address = Address(random, isV4: i % 2 == 0);
            Assert.Equal(networks.Any(network => IPNetwork.Parse(network).Contains(address)), set.Contains(address));
        }
    }

    private static string Network(Random random, bool isV4)
    {
        var prefix = isV4 ? random.Next(12, 33) : random.Next(20, 129);
        return Parse($"{Address(random, isV4)}/{prefix}").ToString();
    }

    /// <summary>Of a small part of the address space, so that many are in a network.</summary>
    private static IPAddress Address(Random random, bool isV4)
    {
        var bytes = new byte[isV4 ? 4 : 16];
        random.NextBytes(bytes);
        bytes[0] = isV4 ? (byte)10 : (byte)0x20;
        bytes[1] &= 0x1f;
        return new IPAddress(bytes);
    }

    private static IpNetworkSet Parse(string csv)
    {
        Assert.True(IpNetworkSet.TryParse(csv, out var set, out var problem), problem);
        return set;
    }
}
