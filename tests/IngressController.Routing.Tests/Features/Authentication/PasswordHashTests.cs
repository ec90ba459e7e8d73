using System.Text;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Routing.Tests.Features.Authentication;

public sealed class PasswordHashTests
{
    private const string Digest22 = "u.GAOVcDBN5OFn47hmad40";
    private const string Digest43 = "Lb/YeESqDzfWFMOD1KU38RDSSr2Y4sVqm8wX8AhBmBC";
    private const string Digest86 = "MlASyOuTqQjWaDRc2bBmTN5LXYsd76v6.pAz06.fLyYl3bJsSo1DV9dzl9qYBFLyUqvy8lGVNVBxw7hkQVcO2.";
    private const string BcryptRest = "abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m";

    [Theory]
    [InlineData($"$2y$04${BcryptRest}", PasswordScheme.Bcrypt, "abcdefghijklmnopqrstuu", "0oImNDIy4flhldV9YqunRgBAePKmw7m", 0)]
    [InlineData($"$2a$10${BcryptRest}", PasswordScheme.Bcrypt, "abcdefghijklmnopqrstuu", "0oImNDIy4flhldV9YqunRgBAePKmw7m", 0)]
    [InlineData($"$2b$14${BcryptRest}", PasswordScheme.Bcrypt, "abcdefghijklmnopqrstuu", "0oImNDIy4flhldV9YqunRgBAePKmw7m", 0)]
    [InlineData($"$apr1$12345678${Digest22}", PasswordScheme.Apr1, "12345678", Digest22, 0)]
    [InlineData($"$1$abc${Digest22}", PasswordScheme.Md5Crypt, "abc", Digest22, 0)]
    [InlineData($"$1$${Digest22}", PasswordScheme.Md5Crypt, "", Digest22, 0)]
    [InlineData($"$5$0123456789abcdef${Digest43}", PasswordScheme.Sha256Crypt, "0123456789abcdef", Digest43, 5000)]
    [InlineData($"$5$rounds=1000$abc${Digest43}", PasswordScheme.Sha256Crypt, "abc", Digest43, 1000)]
    [InlineData($"$6$abc${Digest86}", PasswordScheme.Sha512Crypt, "abc", Digest86, 5000)]
    [InlineData($"$6$rounds=1000000$abc${Digest86}", PasswordScheme.Sha512Crypt, "abc", Digest86, 1_000_000)]
    [InlineData("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", PasswordScheme.Sha1, "", "5en6G6MezRroT3XKqkdPOmY/BfQ=", 0)]
    [InlineData("{SSHA}n0MgpE49UOlYSAptYLeZPpSboiVzYWx0eQ==", PasswordScheme.SaltedSha1, "", "n0MgpE49UOlYSAptYLeZPpSboiVzYWx0eQ==", 0)]
    [InlineData("{PLAIN}a b", PasswordScheme.Plain, "", "a b", 0)]
    [InlineData("abFZSxKKdq5s2", PasswordScheme.DesCrypt, "ab", "FZSxKKdq5s2", 0)]
    public void A_hash_is_split_into_its_parts(string text, PasswordScheme scheme, string salt, string digest, int rounds)
    {
        Assert.True(PasswordHash.TryParse(text, out var hash, out var problem), problem);
        Assert.Equal(scheme, hash.Scheme);
        Assert.Equal(salt, Encoding.UTF8.GetString(hash.RevealSalt()));
        Assert.Equal(digest, Encoding.UTF8.GetString(hash.RevealDigest()));
        Assert.Equal(rounds, hash.Rounds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hunter2")]
    [InlineData("*")]
    [InlineData("!")]
    [InlineData("{PLAIN}")]
    [InlineData("{plain}secret")]
    [InlineData("{SHA}")]
    [InlineData("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ")] // no padding
    [InlineData("{SHA}5en6G6MezRroT3XKqkdPOmY/BfR=")] // other bits after the end
    [InlineData("{SHA} 5en6G6MezRroT3XKqkdPOmY/BfQ=")]
    [InlineData("{SHA}n0MgpE49UOlYSAptYLeZPpSboiVzYWx0eQ==")] // more than a digest
    [InlineData("{SSHA}AAAA")]
    [InlineData("$2$04$abc")]
    [InlineData($"$2x$04${BcryptRest}")]
    [InlineData($"$2y$03${BcryptRest}")]
    [InlineData($"$2y$15${BcryptRest}")]
    [InlineData($"$2y$99${BcryptRest}")]
    [InlineData($"$2y$4${BcryptRest}")]
    [InlineData($"$2y$04${BcryptRest}x")]
    [InlineData($"$2y$-4${BcryptRest}")]
    [InlineData($"$apr1$123456789${Digest22}")] // crypt(3) cuts it to eight and never matches
    [InlineData($"$apr1$abc${Digest22}x")]
    [InlineData("$apr1$")]
    [InlineData("$apr1$$")]
    [InlineData("$1$abc")]
    [InlineData($"$1$a c${Digest22}")]
    [InlineData($"$5$0123456789abcdefg${Digest43}")]
    [InlineData($"$5$abc${Digest86}")]
    [InlineData($"$6$abc${Digest43}")]
    [InlineData($"$6$rounds=999$abc${Digest86}")]
    [InlineData($"$6$rounds=1000001$abc${Digest86}")]
    [InlineData($"$6$rounds=99999999999999999999$abc${Digest86}")]
    [InlineData($"$6$rounds=01000$abc${Digest86}")]
    [InlineData($"$6$rounds=$abc${Digest86}")]
    [InlineData($"$6$rounds=-1$abc${Digest86}")]
    [InlineData("$6$rounds=1000")]
    [InlineData("$y$j9T$abc$def")]
    [InlineData("abFZSxKKdq5s")]
    [InlineData("abFZSxKKdq5s*")]
    public void An_invalid_hash_is_a_problem_that_does_not_quote_it(string text)
    {
        Assert.False(PasswordHash.TryParse(text, out var hash, out var problem));
        Assert.Null(hash);
        Assert.True(text.Length < 7 || !problem.Contains(text, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", problem);
    }
}
