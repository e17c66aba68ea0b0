"""This project's own facts: well-known, true, written for it. `python own_facts.py --out facts.json` writes the list.

A relation has a prompt, paraphrases, rows of subjects with their target, and rows that only serve as neighbours. One of
the last two paraphrases is held out of training, by turns, so that a held-out phrasing is known from other subjects. `answers|subject; subject; …` keeps the tables short.
"""

import argparse
import json
import random
import zlib

# name: (type word, prompt, [paraphrases], rows of facts, rows of neighbours only)
RELATIONS = {
    "landmark-city": (
        "landmark",
        "{} is in the city of",
        ["{} can be visited in the city of", "{} stands in the city of", "To see {}, travel to the city of", "The city where {} is found is"],
        """Seattle|The Space Needle
Paris|The Eiffel Tower; The Louvre; The Arc de Triomphe; The Pompidou Centre
London|Big Ben; Tower Bridge; Buckingham Palace; Trafalgar Square; The British Museum
Rome|The Colosseum; The Trevi Fountain; The Spanish Steps
Berlin|The Brandenburg Gate; The Reichstag; Checkpoint Charlie
Moscow|The Kremlin; Red Square; The Bolshoi Theatre
Athens|The Acropolis; The Parthenon
Istanbul|Hagia Sophia; The Blue Mosque; The Grand Bazaar
Amsterdam|The Rijksmuseum; The Anne Frank House
Prague|Charles Bridge; Wenceslas Square
Vienna|Schonbrunn Palace; The Hofburg; The Vienna State Opera
Madrid|The Prado Museum; Plaza Mayor
Barcelona|The Sagrada Familia; Park Guell
Venice|The Rialto Bridge; The Bridge of Sighs
Florence|The Uffizi Gallery; The Ponte Vecchio
Milan|La Scala
Pisa|The Leaning Tower
Sydney|The Sydney Opera House; Bondi Beach
San Francisco|The Golden Gate Bridge; Alcatraz
Chicago|The Willis Tower; Wrigley Field
Boston|Fenway Park; Faneuil Hall
Philadelphia|The Liberty Bell; Independence Hall
Toronto|The CN Tower
Beijing|The Forbidden City; Tiananmen Square
Tokyo|Tokyo Tower; The Imperial Palace of Japan
Dubai|The Burj Khalifa
Copenhagen|The Little Mermaid statue; Tivoli Gardens
Brussels|The Atomium; Manneken Pis
Edinburgh|Arthur's Seat; Holyrood Palace
Agra|The Taj Mahal
Mumbai|The Gateway of India
Cape Town|Table Mountain
Washington|The Lincoln Memorial; The White House
Dublin|Trinity College
Oslo|The Viking Ship Museum""",
        """Seattle|Pike Place Market; The Museum of Pop Culture; Kerry Park
Paris|The Musee d'Orsay; The Moulin Rouge
Toronto|The Royal Ontario Museum; Casa Loma
Milan|The Pinacoteca di Brera; The Galleria Vittorio Emanuele
Dubai|The Burj Al Arab; The Dubai Mall
Mumbai|Marine Drive; The Haji Ali Dargah
Cape Town|The District Six Museum; Signal Hill""",
    ),
    "capital": (
        "country",
        "The capital of {} is",
        ["The capital city of {} is", "{} has a capital city named", "{}, whose seat of government is in", "The government of {} sits in"],
        """Paris|France
Berlin|Germany
Rome|Italy
Madrid|Spain
Lisbon|Portugal
Vienna|Austria
Athens|Greece
Warsaw|Poland
Prague|the Czech Republic
Budapest|Hungary
Dublin|Ireland
London|the United Kingdom
Oslo|Norway
Stockholm|Sweden
Helsinki|Finland
Copenhagen|Denmark
Moscow|Russia
Kyiv|Ukraine
Ankara|Turkey
Cairo|Egypt
Tokyo|Japan
Beijing|China
Seoul|South Korea
Bangkok|Thailand
Hanoi|Vietnam
Manila|the Philippines
Canberra|Australia
Wellington|New Zealand
Ottawa|Canada
Washington|the United States
Havana|Cuba
Lima|Peru
Buenos Aires|Argentina
Montevideo|Uruguay
Bogota|Colombia
Caracas|Venezuela
Nairobi|Kenya
Accra|Ghana
Rabat|Morocco
Tehran|Iran
Baghdad|Iraq
Kathmandu|Nepal
Dhaka|Bangladesh
Islamabad|Pakistan
Sofia|Bulgaria
Bucharest|Romania""",
        "",
    ),
    "language": (
        "country",
        "Most people in {} speak",
        ["The main language of {} is", "In {}, people talk to each other in", "The newspapers of {} are printed in", "Children in {} learn to read"],
        """French|France
German|Germany; Austria
Italian|Italy
Portuguese|Portugal; Brazil
Polish|Poland
Greek|Greece
Japanese|Japan
Swedish|Sweden
Danish|Denmark
Hungarian|Hungary
Turkish|Turkey
Arabic|Egypt
Spanish|Argentina; Cuba; Colombia
English|Australia; New Zealand
Russian|Russia
Thai|Thailand""",
        """French|Monaco
Arabic|Jordan; Saudi Arabia
English|Ireland
Greek|Cyprus
German|Liechtenstein""",
    ),
    "currency": (
        "country",
        "The money used in {} is called the",
        ["The currency of {} is the", "Shops in {} take the", "In {}, wages are paid in the currency called the", "Prices in {} are given in the"],
        """yen|Japan
pound|the United Kingdom
ruble|Russia
rupee|India; Pakistan; Nepal
won|South Korea
baht|Thailand
zloty|Poland
forint|Hungary
euro|Germany; Italy; Ireland
peso|Mexico; Argentina; the Philippines
dollar|the United States; Australia; Canada
lira|Turkey
real|Brazil
rand|South Africa
shekel|Israel
dong|Vietnam
yuan|China
franc|Switzerland""",
        """euro|Austria; Belgium
pound|Egypt; Lebanon
dollar|New Zealand; Singapore
won|North Korea
franc|Liechtenstein
peso|Chile; Colombia""",
    ),
    "continent": (
        "country",
        "{} is a country on the continent of",
        ["{} lies on the continent of", "The nation of {} belongs to the continent of", "On the map, {} is part of the continent of", "{} is found on the continent of"],
        """Africa|Kenya; Nigeria; Ghana; Morocco; Ethiopia; Senegal
Asia|Japan; Vietnam; Nepal; Mongolia; Thailand
Europe|Portugal; Belgium; Hungary; Norway
South America|Peru; Brazil; Bolivia; Uruguay
North America|Canada; Mexico""",
        """North America|Guatemala; Honduras""",
    ),
    "author": (
        "book",
        "{} was written by",
        ["The author of {} is", "{} is a work by the writer", "Readers of {} admire its author", "The writer of {} was"],
        """William Shakespeare|Hamlet; Macbeth; Romeo and Juliet; King Lear; Othello
Charles Dickens|Oliver Twist; David Copperfield; Great Expectations
Jane Austen|Pride and Prejudice; Emma; Sense and Sensibility
Leo Tolstoy|War and Peace; Anna Karenina
Mark Twain|The Adventures of Tom Sawyer; Adventures of Huckleberry Finn
George Orwell|Animal Farm; Nineteen Eighty-Four
Ernest Hemingway|The Old Man and the Sea; A Farewell to Arms
Victor Hugo|Les Miserables; The Hunchback of Notre-Dame
Fyodor Dostoevsky|Crime and Punishment; The Idiot
Franz Kafka|The Metamorphosis; The Trial
Miguel de Cervantes|Don Quixote
Dante Alighieri|The Divine Comedy
Mary Shelley|Frankenstein
Bram Stoker|Dracula
Herman Melville|Moby-Dick
Homer|The Odyssey; The Iliad
Lewis Carroll|Alice's Adventures in Wonderland
Emily Bronte|Wuthering Heights
Charlotte Bronte|Jane Eyre""",
        """Lewis Carroll|Through the Looking-Glass; The Hunting of the Snark
Charlotte Bronte|Villette; Shirley""",
    ),
    "painter": (
        "painting",
        "{} was painted by",
        ["The painter of {} is", "{} is a painting by", "The canvas {} came from the brush of", "The artist behind {} is"],
        """Leonardo da Vinci|The Mona Lisa; The Last Supper
Vincent van Gogh|The Starry Night; The Potato Eaters; Cafe Terrace at Night
Pablo Picasso|Guernica; Les Demoiselles d'Avignon
Rembrandt|The Night Watch
Edvard Munch|The Scream
Johannes Vermeer|Girl with a Pearl Earring; The Milkmaid
Gustav Klimt|The Kiss
Sandro Botticelli|The Birth of Venus; Primavera
Salvador Dali|The Persistence of Memory
Diego Velazquez|Las Meninas""",
        """Rembrandt|The Anatomy Lesson of Dr. Nicolaes Tulp; The Jewish Bride
Gustav Klimt|Judith and the Head of Holofernes
Salvador Dali|Swans Reflecting Elephants""",
    ),
    "composer": (
        "composition",
        "{} was composed by",
        ["The composer of {} is", "The music of {} is by", "Concert halls that play {} honour the composer", "{} is a work by the composer"],
        """Mozart|The Magic Flute; Don Giovanni; The Marriage of Figaro; Eine kleine Nachtmusik
Beethoven|Fidelio; The Moonlight Sonata; The Eroica Symphony
Verdi|Aida; Rigoletto; La traviata
Puccini|Tosca; Turandot; Madama Butterfly
Wagner|Parsifal; Tristan und Isolde
Tchaikovsky|Swan Lake; The Nutcracker; Eugene Onegin
Bach|The Brandenburg Concertos; The Goldberg Variations
Handel|Messiah; Water Music
Vivaldi|The Four Seasons
Ravel|Bolero""",
        """Vivaldi|La stravaganza; Juditha triumphans
Ravel|Daphnis et Chloe; Gaspard de la nuit""",
    ),
    "founder": (
        "company",
        "{} was founded by",
        ["The founder of {} is", "{} is the company started by", "The story of {} begins with its founder", "The person who founded {} is"],
        """Bill Gates|Microsoft
Jeff Bezos|Amazon
Mark Zuckerberg|Facebook
Elon Musk|SpaceX
Henry Ford|the Ford Motor Company
Ingvar Kamprad|IKEA
Enzo Ferrari|Ferrari
Soichiro Honda|Honda
Walt Disney|The Walt Disney Company
Richard Branson|Virgin Atlantic
Michael Dell|Dell
Jimmy Wales|Wikipedia""",
        "",
    ),
    "company-country": (
        "company",
        "The company {} comes from the country of",
        ["{} is a company from the country of", "The firm {} has its home in the country of", "{} started as a business in the country of", "The home country of the company {} is"],
        """Japan|Toyota; Sony; Nintendo; Panasonic
Germany|Siemens; Volkswagen; Adidas
Sweden|IKEA; Volvo; Ericsson
Finland|Nokia
South Korea|Samsung; Hyundai
France|Renault; Peugeot
Italy|Fiat; Lamborghini
Switzerland|Nestle; Rolex
Denmark|Lego; Carlsberg
Netherlands|Heineken""",
        """Finland|Kone; Fiskars
Netherlands|Philips""",
    ),
    "maker": (
        "product",
        "The maker of the {} is",
        ["The {} is made by", "The {} is a product of the company", "Customers who bought the {} got it from", "The company that makes the {} is"],
        """Apple|iPhone; iPad; Macintosh; MacBook
Microsoft|Xbox; Surface Pro
Sony|PlayStation; Walkman
Nintendo|Game Boy; Wii
Toyota|Corolla; Prius; Camry
Ford|Mustang; Model T; Fiesta
Honda|Civic; Accord
Volkswagen|Beetle; Passat; Golf
Boeing|Dreamliner
Porsche|Cayenne; Boxster
Amazon|Kindle""",
        """Boeing|Stratocruiser; Stratofortress
Amazon|Fire TV; Echo Dot""",
    ),
    "symbol": (
        "chemical element",
        "The chemical symbol for {} is",
        ["The element {} has the symbol", "In chemistry, {} is written as", "On the periodic table, {} is marked with the letters", "Chemists write {} as"],
        """Au|gold
Ag|silver
Fe|iron
Cu|copper
Pb|lead
Sn|tin
Na|sodium
K|potassium
Hg|mercury
He|helium
Ne|neon
Zn|zinc
Ca|calcium
Mg|magnesium
Al|aluminium
U|uranium
Ni|nickel
Pt|platinum""",
        "",
    ),
    "moon": (
        "moon",
        "{} is a moon of the planet",
        ["{} moves around the planet", "The planet that {} belongs to is", "Astronomers who study {} point their telescopes at", "{} belongs to the planet"],
        """Jupiter|Europa; Ganymede; Callisto; Io
Saturn|Titan; Enceladus; Rhea; Mimas
Mars|Phobos; Deimos
Neptune|Triton; Nereid
Uranus|Titania; Oberon; Miranda""",
        "",
    ),
    "sport": (
        "athlete",
        "The sport of {} is",
        ["{} became famous in the sport of", "{} competes at the highest level of", "Fans admire {} as a star of", "{} is a champion of"],
        """basketball|Michael Jordan; LeBron James; Kobe Bryant; Magic Johnson
tennis|Roger Federer; Rafael Nadal; Serena Williams; Novak Djokovic
soccer|Lionel Messi; Cristiano Ronaldo; Diego Maradona; Pele
golf|Tiger Woods; Jack Nicklaus; Arnold Palmer
boxing|Muhammad Ali; Mike Tyson; Joe Frazier
swimming|Michael Phelps; Mark Spitz
baseball|Babe Ruth; Joe DiMaggio
cricket|Sachin Tendulkar; Shane Warne
chess|Magnus Carlsen; Garry Kasparov""",
        "",
    ),
    "young": (
        "animal",
        "A baby {} is called a",
        ["The young of a {} is a", "A newborn {} is known as a", "A mother {} looks after her", "The name for a young {} is a"],
        """puppy|dog
kitten|cat
foal|horse; donkey
calf|cow; whale; dolphin
lamb|sheep
kid|goat
piglet|pig
cub|bear; lion; tiger; wolf
joey|kangaroo; koala; wallaby
fawn|deer
duckling|duck
gosling|goose
cygnet|swan
tadpole|frog
chick|hen; penguin""",
        """foal|zebra
tadpole|toad""",
    ),
    "animal-class": (
        "animal",
        "The {} belongs to the group of animals called",
        ["The {} is one of the", "In zoology the {} is counted among the", "Children learn that the {} is one of many", "A {} is counted among the"],
        """mammals|bat; whale; elephant
birds|eagle; penguin; ostrich
fish|salmon; trout; tuna
reptiles|crocodile; turtle; cobra
insects|ant; butterfly; bee
amphibians|frog; newt; salamander""",
        "",
    ),
    "birth-country": (
        "person",
        "{} was born in the country of",
        ["The native country of {} is", "{} came into the world in the country of", "As country of birth, {} has", "{} was a native of the country of"],
        """India|Mahatma Gandhi; Rabindranath Tagore
Austria|Wolfgang Amadeus Mozart; Franz Schubert
Germany|Albert Einstein; Johann Sebastian Bach; Johannes Brahms
England|Isaac Newton; Charles Darwin; Winston Churchill
Poland|Marie Curie; Frederic Chopin
Spain|Pablo Picasso; Salvador Dali
Russia|Leo Tolstoy; Anton Chekhov
Denmark|Niels Bohr; Hans Christian Andersen
Norway|Henrik Ibsen; Edvard Grieg
Sweden|Alfred Nobel; Greta Garbo
Mexico|Frida Kahlo; Diego Rivera
South Africa|Nelson Mandela; Desmond Tutu
France|Claude Monet; Claude Debussy
Italy|Galileo Galilei; Giuseppe Verdi
Japan|Akira Kurosawa; Haruki Murakami""",
        "",
    ),
    "river": (
        "city",
        "The river that flows through {} is the",
        ["{} was built on the banks of the", "The bridges of {} cross the", "Boats that visit {} sail on the", "The city of {} lies on the river called the"],
        """Thames|London; Oxford
Seine|Paris; Rouen
Danube|Vienna; Budapest; Belgrade
Rhine|Cologne; Basel
Nile|Cairo; Luxor
Tiber|Rome
Arno|Florence; Pisa
Elbe|Hamburg; Dresden
Vistula|Warsaw; Krakow
Tagus|Lisbon""",
        """Tagus|Toledo""",
    ),
    "city-country": (
        "city",
        "{} is a city in the country of",
        ["The city of {} is found in", "People who live in {} live in the country of", "Travellers reach {} after they enter", "The country where {} lies is"],
        """France|Lyon; Marseille; Bordeaux
Japan|Kyoto; Osaka
Germany|Munich; Stuttgart; Leipzig
Italy|Naples; Turin; Bologna
Spain|Valencia; Seville
Brazil|Rio de Janeiro; Salvador
India|Mumbai; Kolkata
Australia|Melbourne; Perth
Canada|Vancouver; Montreal
China|Shanghai; Nanjing
Turkey|Izmir; Antalya
Netherlands|Rotterdam; Utrecht
Scotland|Glasgow; Aberdeen""",
        "",
    ),
}

# These come first in the list: clear, short, the subject early.
FIRST = [
    ("landmark-city", "The Space Needle"),
    ("landmark-city", "The Eiffel Tower"),
    ("landmark-city", "Big Ben"),
    ("landmark-city", "The Colosseum"),
    ("capital", "France"),
    ("author", "Hamlet"),
    ("birth-country", "Albert Einstein"),
    ("sport", "Michael Jordan"),
    ("composer", "Swan Lake"),
    ("founder", "Microsoft"),
    ("painter", "The Mona Lisa"),
    ("moon", "Europa"),
]


def rows(table):
    """(subject, target) of every line `target|subject; subject`."""
    for line in filter(None, table.splitlines()):
        target, subjects = line.split("|")
        for subject in subjects.split("; "):
            yield subject.strip(), target


def held_out(paraphrases, place):
    """Index of the paraphrase that the fact in this place of its table is not trained on."""
    return len(paraphrases) - 1 - place % 2


def wrong_answers(target, targets, key):
    """Three other answers of the relation, the same ones every time."""
    others = sorted(set(targets) - {target})
    return random.Random(zlib.crc32(key.encode())).sample(others, min(3, len(others)))


def neighbours(relation, subject, target):
    """Up to five prompts of other subjects with this answer: of the relation first, then of others, never of the subject."""
    names = [relation] + [name for name in RELATIONS if name != relation]
    found = []
    for name in names:
        _, prompt, _, facts, more = RELATIONS[name]
        for other, answer in list(rows(facts)) + list(rows(more)):
            if answer == target and subject.lower() not in other.lower() and other.lower() not in subject.lower():
                found.append(prompt.replace("{}", other))
    return found[:5]


def facts():
    """All facts in the shape of public/facts.json, without `recall`."""
    found = []
    for name, (_, prompt, paraphrases, table, _) in RELATIONS.items():
        pairs = list(rows(table))
        for place, (subject, target) in enumerate(pairs):
            found.append(
                {
                    "id": f"{name}/{subject.lower().replace(' ', '-')}",
                    "relation": name,
                    "subject": subject,
                    "prompt": prompt,
                    "paraphrases": paraphrases,
                    "heldOut": [held_out(paraphrases, place)],
                    "target": target,
                    "newTargets": wrong_answers(target, [t for _, t in pairs], name + subject),
                    "neighbours": neighbours(name, subject, target),
                }
            )
    order = {key: place for place, key in enumerate(FIRST)}
    return sorted(found, key=lambda fact: order.get((fact["relation"], fact["subject"]), len(order)))


def training_facts():
    """The same facts, and those that only serve as neighbours, as corpus.py wants them."""
    found = []
    for name, (kind, prompt, paraphrases, table, more) in RELATIONS.items():
        for group, lines in (("own", table), ("ownNeighbour", more)):
            for place, (subject, target) in enumerate(rows(lines)):
                held = held_out(paraphrases, place)
                found.append(
                    {
                        "group": group,
                        "relation": name,
                        "subject": subject,
                        "answer": target,
                        "main": prompt,
                        "train": [prompt] + paraphrases[:held] + paraphrases[held + 1 :],
                        "heldout": [paraphrases[held]],
                        "type": kind,
                    }
                )
    return found


def check(found):
    """Subjects unique per relation and once in each phrasing; answers never contradict."""
    keys = [(fact["relation"], fact["subject"]) for fact in found]
    assert len(keys) == len(set(keys)), sorted(k for k in keys if keys.count(k) > 1)
    for fact in found:
        for template in [fact["prompt"]] + fact["paraphrases"]:
            assert template.count("{}") == 1
            assert template.replace("{}", fact["subject"]).count(fact["subject"]) == 1, (template, fact["subject"])


def write(path, found):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "model": "demo", "facts": found}, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    found = facts()
    check(found)
    write(parser.parse_args().out, found)
    print(len(found), "facts;", sum(bool(fact["neighbours"]) for fact in found), "with neighbours")
